mod debian/php8.4/poolcounter.so
mod debian/poolcounter.ini

mod debian/php8.2/poolcounter.so
mod debian/poolcounter.ini

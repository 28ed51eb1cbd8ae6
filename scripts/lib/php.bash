# Functions that provide other versions of PHP than the machine's, below build/. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash.
# shellcheck shell=bash disable=SC2154 # packages.bash sets what is not set here.

# share_builds NAME: a target folder for the extension for another PHP, target/NAME. It begins with the release build, because other crates do not depend on PHP's version.
# Sets php_target.
share_builds() {
    local target
    target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
    php_target=$target/$1
    if [ -d "$php_target" ] || [ ! -d "$target/release" ]; then return; fi
    rm -rf "$php_target.new"
    mkdir -p "$php_target.new"
    cp -a --reflink=auto "$target/release" "$php_target.new/"
    mv "$php_target.new" "$php_target"
}

# unpack_php VERSION: PHP 8.2 of Debian 12, 8.4 of Debian 13 or 8.5 of Debian's experimental, as build/php-VERSION/php and php-config. It is not installed.
unpack_php() {
    local version=$1 root=$build/php-$1 suites packages
    [ ! -x "$root/php" ] || return 0
    packages=(libc6 libgcc-s1 libcrypt1 libtinfo6 libncursesw6 libcap2 libsystemd0 libargon2-1 libmd0 libbsd0 libedit2 libffi8 liblzma5 libpcre2-8-0 libzstd1 zlib1g)
    case $version in
    # It is of the machine's own suite.
    8.2) suites=() packages+=(libssl3 libsodium23 libxml2 libicu72 libstdc++6) ;;
    8.4) suites=(trixie) packages+=(libssl3t64 libsodium23 libxml2) ;;
    8.5) suites=(sid experimental) packages+=(libssl3t64 libsodium26 libxml2-16) ;;
    *) fail "PHP $version is unknown here: 8.2, 8.4 and 8.5 are known" ;;
    esac
    refresh_lists
    [ ${#suites[@]} -eq 0 ] || list_packages_of "${suites[@]}"
    say "unpacking PHP $version below build/php-$version"
    unpack "$root" "${newer_options[@]}" -- "php$version-cli" "php$version-common" "php$version-dev" "${packages[@]}"
    forget_newer_packages
    # It needs the C library that it was built with.
    cat >"$root.new/php" <<PHP
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")
for loader in "\$root"/usr/lib/*/ld-linux-* "\$root"/lib/*/ld-linux-*; do [ ! -e "\$loader" ] || break; done
folder=\$(basename "\$(dirname "\$loader")")
exec "\$loader" --library-path "\$root/usr/lib/\$folder:\$root/lib/\$folder" --argv0 php "\$root/usr/bin/php$version" "\$@"
PHP
    sed "s#^prefix=\"/usr\"#prefix=\"$root/usr\"#" "$root.new/usr/bin/php-config$version" >"$root.new/php-config"
    chmod +x "$root.new/php" "$root.new/php-config"
    rm -rf "$root"
    mv "$root.new" "$root"
}

# make_zts_php: a PHP with threads (ZTS) as build/php-zts/bin/php, and its library for C programs. It is made from the source of Debian's php8.2 once, in some minutes.
make_zts_php() {
    local root=$build/php-zts lists=$build/apt-source source options
    [ ! -x "$root/bin/php" ] || return 0
    install_packages cc=gcc make=make xz=xz-utils pkg-config=pkg-config /usr/include/libxml2/libxml/parser.h=libxml2-dev
    source=$(newer_source)
    refresh_lists
    say "downloading the source of Debian's PHP 8.2"
    rm -rf "$lists" "$root.new"
    mkdir -p "$lists"/{lists/partial,cache/archives/partial,source} "$root.new"
    printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s bookworm main\n' "$source" >"$lists/sources.list"
    options=(-o "Dir::Etc::SourceList=$lists/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$lists/lists" -o "Dir::Cache=$lists/cache")
    apt-get -qq "${options[@]}" update || fail "the source packages of Debian 12 cannot be listed from $source"
    (cd "$lists/source" && apt-get -qq "${options[@]}" source --download-only php8.2) >"$lists/log" 2>&1 || fail "the source of php8.2 cannot be downloaded: $(tail -n 3 "$lists/log")"
    tar -xJf "$lists"/source/php8.2_*.orig.tar.xz -C "$root.new" --strip-components=1
    rm -rf "$lists"
    say 'building PHP with threads below build/php-zts, which takes minutes'
    # The modules are those that PHPUnit needs. Without optimisation it is built in a third of the time.
    (
        cd "$root.new" &&
            CFLAGS='-O0 -g' ./configure --quiet --prefix="$root" --disable-all --enable-zts --enable-cli --disable-cgi --disable-phpdbg --enable-embed=shared --enable-session --enable-pcntl \
                --enable-ctype --enable-phar --enable-posix --enable-tokenizer --with-libxml --enable-dom --enable-xml --enable-xmlwriter --enable-mbstring --disable-mbregex &&
            make -s -j"$(nproc)" && make -s install INSTALL_ROOT="$root.new/installed"
    ) >"$root.log" 2>&1 || fail "PHP cannot be built: build/php-zts.log has the output, which ends with $(tail -n 2 "$root.log")"
    # An interrupted build leaves nothing at the final place.
    rm -rf "$root"
    mv "$root.new/installed$root" "$root"
    rm -rf "$root.new" "$root.log"
}

# use_php NAME PHP PHP_CONFIG: builds of the extension are for this PHP from now on, in the target folder target/NAME.
use_php() {
    share_builds "$1"
    export PHP=$2 PHP_CONFIG=$3 CARGO_TARGET_DIR=$php_target
}

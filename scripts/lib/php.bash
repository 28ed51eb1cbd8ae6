# Functions that provide other versions of PHP than the machine's, below build/. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash.
# shellcheck shell=bash

# share_builds VERSION: a target folder for the extension for another PHP, which begins with the crates that are built. They do not depend on PHP's version. Sets php_target.
share_builds() {
    local target
    target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
    php_target=$target/php-$1
    if [ -d "$php_target" ] || [ ! -d "$target/release" ]; then return; fi
    rm -rf "$php_target.new"
    mkdir -p "$php_target.new"
    cp -a --reflink=auto "$target/release" "$php_target.new/"
    mv "$php_target.new" "$php_target"
}

# unpack_php VERSION: PHP 8.4 of Debian 13 or PHP 8.5 of Debian's experimental, as build/php-VERSION/php and php-config. It is not installed.
unpack_php() {
    local version=$1 root=$build/php-$1 suites packages
    [ ! -x "$root/php" ] || return 0
    packages=(libc6 libgcc-s1 libcrypt1 libtinfo6 libncursesw6 libcap2 libsystemd0 libargon2-1 libmd0 libbsd0 libedit2 libffi8 liblzma5 libpcre2-8-0 libzstd1 zlib1g libssl3t64)
    case $version in
    8.4) suites=(trixie) packages+=(libsodium23 libxml2) ;;
    8.5) suites=(sid experimental) packages+=(libsodium26 libxml2-16) ;;
    *) fail "PHP $version is unknown here: 8.4 and 8.5 are known" ;;
    esac
    refresh_lists
    list_newer_packages "${suites[@]}"
    say "unpacking PHP $version below build/php-$version"
    unpack "$root" "${newer_options[@]}" -- "php$version-cli" "php$version-common" "php$version-dev" "${packages[@]}"
    forget_newer_packages
    # It needs the C library that it was built with.
    cat >"$root.new/php" <<PHP
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")
loader=\$(echo "\$root"/usr/lib/*/ld-linux-*)
exec "\$loader" --library-path "\$(dirname "\$loader")" --argv0 php "\$root/usr/bin/php$version" "\$@"
PHP
    sed "s#^prefix=\"/usr\"#prefix=\"$root/usr\"#" "$root.new/usr/bin/php-config$version" >"$root.new/php-config"
    chmod +x "$root.new/php" "$root.new/php-config"
    rm -rf "$root"
    mv "$root.new" "$root"
}

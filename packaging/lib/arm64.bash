# Functions that build for arm64 on another machine. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash.
# shellcheck shell=bash

arm64_toolchain=${build:?}/arm64-toolchain
arm64_triple=aarch64-unknown-linux-gnu
# The headers and libraries of arm64's C library, which qemu needs too: qemu-aarch64-static -L "$arm64_sysroot" PROGRAM.
# shellcheck disable=SC2034 # It is for the callers.
arm64_sysroot=/usr/aarch64-linux-gnu

# Sets arm64_options: apt's options for the packages of arm64, with separate package lists; the machine's own lists do not change. list_arm64_packages SUITES: of these, such as
# bookworm or sid+experimental.
arm64_options=()
list_arm64_packages() {
    local suites=${1:-bookworm} apt=$build/apt-arm64-${1:-bookworm}
    arm64_options=(-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o "Dir::Etc::SourceList=$apt/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o "Dir::State::status=$apt/status" -o DPkg::Lock::Timeout=300)
    [ ! -d "$apt/lists" ] || return 0
    say "listing the packages of Debian $suites for arm64"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc"
    # No package is installed. The folder of this file also has the lock of apt-get.
    : >"$apt/status"
    arm64_sources "$suites" >"$apt/etc/sources.list"
    apt-get -qq "${arm64_options[@]}" update || { rm -rf "$apt"; fail "the packages of Debian $suites for arm64 cannot be listed"; }
}

# arm64_sources SUITES: apt's sources. For the suite of this machine they are the machine's own, because its security updates have the Rust compiler.
arm64_sources() {
    local suite source signed='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
    if [ "$1" = "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" ]; then
        newer_source >/dev/null
        apt-get indextargets --format "deb $signed \$(REPO_URI) \$(RELEASE) main" 'Created-By: Packages' 'Origin: Debian' | sort -u
    else
        source=$(newer_source)
        for suite in ${1//+/ }; do printf 'deb %s %s %s main\n' "$signed" "$source" "$suite"; done
    fi
}

# Debian's Rust compiler, with the standard libraries of this machine and of arm64, and a C compiler for arm64.
unpack_arm64_toolchain() {
    install_packages cc=gcc /usr/include/stdlib.h=libc6-dev aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/stdlib.h=libc6-dev-arm64-cross qemu-aarch64-static=qemu-user-static
    [ ! -x "$arm64_toolchain/rustc" ] || return 0
    local runtime llvm new=$arm64_toolchain.new packages=$arm64_toolchain.packages library said
    refresh_lists
    list_arm64_packages
    runtime=$(apt-cache depends libstd-rust-web-dev | sed -nE 's/.*Depends: (libstd-rust-web-[0-9.]+)$/\1/p' | head -n 1)
    [ -n "$runtime" ] || fail 'Debian has no package rustc-web here, which builds for arm64'
    llvm=$(apt-cache depends "$runtime" | sed -nE 's/.*Depends: (libllvm[0-9]+)$/\1/p' | head -n 1)
    say "unpacking Debian's Rust compiler for arm64 below build/arm64-toolchain"
    unpack "$arm64_toolchain" -- rustc-web libstd-rust-web-dev "$runtime" "$llvm"
    mkdir -p "$packages"
    said=$(cd "$packages" && apt-get -qq "${arm64_options[@]}" download libstd-rust-web-dev "$runtime" 2>&1) || fail "$runtime for arm64 cannot be downloaded: $said"
    for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$new"; done
    rm -rf "$packages"
    library=$arm64_toolchain/usr/lib/$(gcc -dumpmachine)
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$library" "$arm64_toolchain/usr/bin/rustc" >"$new/rustc"
    chmod +x "$new/rustc"
    rm -rf "$arm64_toolchain" && mv "$new" "$arm64_toolchain"
}

# cargo_arm64 COMMAND ARGUMENT...: cargo for arm64. It has a target folder of its own, because its compiler is not that of other builds: the result is in
# $arm64_target/$arm64_triple/release.
arm64_target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/arm64
cargo_arm64() {
    local command=$1
    shift
    RUSTUP_AUTO_INSTALL=0 RUSTC=$arm64_toolchain/rustc CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc \
        CARGO_TARGET_DIR=$arm64_target cargo "$command" --target "$arm64_triple" "$@"
}

# unpack_arm64 FOLDER SUITES PACKAGE...: unpacks arm64's packages and all that they depend on into FOLDER.new; the caller renames it when it is complete. A package that ends with ! is
# unpacked without what it depends on. qemu-aarch64-static -L FOLDER runs the programs.
unpack_arm64() {
    local folder=$1 suites=$2 packages=$1.packages package with=() alone=() said link
    shift 2
    for package in "$@"; do
        if [ "${package%!}" = "$package" ]; then with+=("$package"); else alone+=("${package%!}"); fi
    done
    list_arm64_packages "$suites"
    rm -rf "$packages" "$folder.new"
    mkdir -p "$packages/partial" "$folder.new"
    said=$(apt-get -qq "${arm64_options[@]}" -o "Dir::Cache::Archives=$packages" install --download-only -y --no-install-recommends "${with[@]}" 2>&1) ||
        fail "apt-get could not download ${with[*]} for arm64: $said"
    [ ${#alone[@]} -eq 0 ] || said=$(cd "$packages" && apt-get -qq "${arm64_options[@]}" download "${alone[@]}" 2>&1) ||
        fail "apt-get could not download ${alone[*]} for arm64: $said"
    for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$folder.new"; done
    # The packages of Debian 13 have no file in these folders, which a system has as links.
    for link in bin lib sbin; do
        [ -e "$folder.new/$link" ] || ln -s "usr/$link" "$folder.new/$link"
    done
    rm -rf "$packages"
}

# unpack_arm64_python: Python and pytest of Debian 12 for arm64.
arm64_python=$build/arm64-python
unpack_arm64_python() {
    [ ! -x "$arm64_python/usr/bin/pytest-3" ] || return 0
    say 'unpacking Python for arm64 below build/arm64-python'
    rm -rf "$arm64_python"
    unpack_arm64 "$arm64_python" bookworm python3 python3-pytest && mv "$arm64_python.new" "$arm64_python"
}

# unpack_arm64_php VERSION: that PHP for arm64, with its headers, below build/arm64-php-VERSION. Its `php` runs under qemu.
unpack_arm64_php() {
    local version=$1 root=$build/arm64-php-$1 suites
    case $version in
    8.2) suites=bookworm ;;
    8.4) suites=trixie ;;
    8.5) suites=sid+experimental ;;
    *) fail "no suite of Debian is known here that has PHP $version" ;;
    esac
    # bindgen reads PHP's headers by libclang, which is the machine's own.
    install_packages qemu-aarch64-static=qemu-user-static /usr/lib/llvm-14/lib/libclang.so.1=libclang1-14 \
        /usr/lib/llvm-14/lib/clang/14.0.6/include/stddef.h=libclang-common-14-dev
    [ ! -x "$root/php" ] || return 0
    say "unpacking PHP $version for arm64 below build/arm64-php-$version"
    unpack_arm64 "$root" "$suites" "php$version-cli" "php$version-dev!"
    printf '#!/bin/sh\nexec qemu-aarch64-static -L %q %q "$@"\n' "$root" "$root/usr/bin/php$version" >"$root.new/php"
    sed "s#^prefix=\"/usr\"#prefix=\"$root/usr\"#" "$root.new/usr/bin/php-config$version" >"$root.new/php-config"
    chmod +x "$root.new/php" "$root.new/php-config"
    rm -rf "$root"
    mv "$root.new" "$root"
}

# build_arm64_php VERSION: builds the PHP extension. Sets arm64_php_module to the file.
arm64_php_module=
build_arm64_php() {
    local version=$1 root=$build/arm64-php-$1
    unpack_arm64_toolchain
    unpack_arm64_php "$version"
    # Other crates do not depend on PHP's version, but this one does: without a folder of its own, one version's build would remove another's.
    arm64_target=$arm64_target/php-$version PHP=$root/php PHP_CONFIG=$root/php-config BINDGEN_EXTRA_CLANG_ARGS_aarch64_unknown_linux_gnu="-isystem $arm64_sysroot/include" \
        cargo_arm64 build --quiet --release --locked -p poolcounter_php
    # shellcheck disable=SC2034 # It is for the callers.
    arm64_php_module=$arm64_target/php-$version/$arm64_triple/release/libpoolcounter_php.so
}

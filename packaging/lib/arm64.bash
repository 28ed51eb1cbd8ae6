# Functions that build for arm64 on another machine. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash.
# shellcheck shell=bash

arm64_toolchain=$build/arm64-toolchain
arm64_triple=aarch64-unknown-linux-gnu
# The headers and libraries of arm64's C library, which qemu needs too: qemu-aarch64-static -L "$arm64_sysroot" PROGRAM.
# shellcheck disable=SC2034 # It is for the callers.
arm64_sysroot=/usr/aarch64-linux-gnu

# Sets arm64_options: apt's options for the packages of arm64, with separate package lists; the machine's own lists do not change. arm64_options SUITE: of that suite.
arm64_options=()
list_arm64_packages() {
    local suite=${1:-bookworm} apt=$build/apt-arm64-${1:-bookworm} source
    source=$(newer_source)
    arm64_options=(-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o "Dir::Etc::SourceList=$apt/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Dir::State::status=/dev/null)
    [ ! -d "$apt/lists" ] || return 0
    say "listing the packages of Debian $suite for arm64"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$source" "$suite" >"$apt/etc/sources.list"
    apt-get -qq "${arm64_options[@]}" update || { rm -rf "$apt"; fail "the packages for arm64 cannot be listed from $source"; }
}

# Debian's Rust compiler, with the standard libraries of this machine and of arm64, and a C compiler for arm64.
unpack_arm64_toolchain() {
    install_packages aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/stdlib.h=libc6-dev-arm64-cross qemu-aarch64-static=qemu-user-static
    [ ! -x "$arm64_toolchain/rustc" ] || return 0
    local runtime llvm new=$arm64_toolchain.new packages=$arm64_toolchain.packages library
    refresh_lists
    list_arm64_packages
    runtime=$(apt-cache depends libstd-rust-web-dev | sed -nE 's/.*Depends: (libstd-rust-web-[0-9.]+)$/\1/p' | head -n 1)
    [ -n "$runtime" ] || fail 'Debian has no package rustc-web here, which builds for arm64'
    llvm=$(apt-cache depends "$runtime" | sed -nE 's/.*Depends: (libllvm[0-9]+)$/\1/p' | head -n 1)
    say "unpacking Debian's Rust compiler for arm64 below build/arm64-toolchain"
    unpack "$arm64_toolchain" -- rustc-web libstd-rust-web-dev "$runtime" "$llvm"
    mkdir -p "$packages"
    (cd "$packages" && apt-get -qq "${arm64_options[@]}" download libstd-rust-web-dev "$runtime") || fail "$runtime for arm64 cannot be downloaded"
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

# Functions that build the wheels and the source distribution. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash and
# packaging/lib/arm64.bash.
# shellcheck shell=bash

wheel_tools=${build:?}/python-packaging
# The oldest C library that the wheels run with.
wheel_glibc=2.17

# Zig links for an older C library than that of this machine, cargo-zigbuild lets cargo use it, and auditwheel checks the result.
make_wheel_tools() {
    local list=packaging/python/requirements.txt
    install_listed packaging/python/packages
    ! cmp -s "$list" "$wheel_tools/requirements.txt" || return 0
    say "installing what builds wheels from PyPI below build/python-packaging"
    rm -rf "$wheel_tools"
    /usr/bin/python3 -m venv "$wheel_tools" &&
        "$wheel_tools/bin/python" -m pip --quiet --disable-pip-version-check install --no-deps --requirement "$list" &&
        cp "$list" "$wheel_tools/requirements.txt"
}

# build_wheel ARCHITECTURE FOLDER: x86_64 or aarch64.
build_wheel() {
    local arch=$1 out=$2 target=$1-unknown-linux-gnu strip=strip licences
    [ "$(uname -m)" = x86_64 ] || fail "wheels are built on x86_64, and this machine is $(uname -m)"
    # A test calls this where an error does not end the program.
    make_wheel_tools || return
    if [ "$arch" = aarch64 ]; then
        unpack_arm64_toolchain || return
        strip=aarch64-linux-gnu-strip
        RUSTC=${arm64_toolchain:?}/rustc build_library "$target" || return
    else
        build_library "$target" || return
    fi
    licences=$(wheel_target)/$target/THIRD-PARTY
    packaging/lib/crate-licences "$target" poolcounter_c >"$licences" || return
    PATH=$wheel_tools/bin:$PATH STRIP=$strip POOLCOUNTER_LICENCES=$licences POOLCOUNTER_PLATFORM=manylinux_${wheel_glibc/./_}_$arch \
        POOLCOUNTER_LIBRARY=$(wheel_target)/$target/release/libpoolcounter_c.so \
        python -m build --wheel --no-isolation --outdir "$out" c-api/python >/dev/null
}

# Another compiler, or the same one with other options, would replace what other builds have made.
wheel_target() { realpath -m "${CARGO_TARGET_DIR:-target}/manylinux"; }

# build_library TARGET: the names of the folders here are not in it, so that the same bytes come from another folder.
build_library() {
    local crates=${CARGO_HOME:-$HOME/.cargo} separator=$'\x1f'
    PATH=$wheel_tools/bin:$PATH CARGO_TARGET_DIR=$(wheel_target) CARGO_ZIGBUILD_CACHE_DIR=$wheel_tools/cache ZIG_GLOBAL_CACHE_DIR=$wheel_tools/cache/zig \
        ZIG_LOCAL_CACHE_DIR=$wheel_tools/cache/zig RUSTUP_AUTO_INSTALL=0 \
        CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$PWD=.$separator--remap-path-prefix=$crates=cargo" \
        cargo zigbuild --quiet --locked --release -p poolcounter_c --target "$1.$wheel_glibc"
}

# build_sdist FOLDER
build_sdist() {
    make_wheel_tools &&
        "$wheel_tools/bin/python" -m build --sdist --no-isolation --outdir "$1" c-api/python >/dev/null
}

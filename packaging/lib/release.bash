# The environment of release builds. The same source gives the same bytes in every folder and for every user. The caller's folder is the workspace's root. All builds of
# one run must use it: with other flags cargo builds everything again.
#
#   RUSTFLAGS, CFLAGS_<triple>    replace the names of this machine's folders in programs (CFLAGS_<triple> is for C files of crates)
#   SOURCE_DATE_EPOCH             the time of files in archives: that of the last change
# shellcheck shell=bash

# release_flags OPTION: --OPTION=FOLDER=NAME for each folder that a compiler reads. If several fit, compilers use the last one. Flags are separated by spaces, so a
# folder with a space in its name is left out.
release_flags() {
    local sysroot standard_library folders folder
    sysroot=$(rustc --print sysroot)
    # The compiler uses this folder only if the component rust-src is installed.
    standard_library=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')
    folders=("${CARGO_HOME:-$HOME/.cargo}=/cargo" "$(pwd -P)=/poolcounter" "$(realpath -m "${CARGO_TARGET_DIR:-target}")=/target" "$sysroot/lib/rustlib/src/rust=$standard_library")
    for folder in "${folders[@]}"; do
        [[ $folder == *[[:space:]]* ]] || printf -- '--%s=%s ' "$1" "$folder"
    done
}

use_release_flags() {
    local flags triple
    [ "${POOLCOUNTER_RELEASE_FLAGS:-}" != "$PWD" ] || return 0
    flags=$(release_flags remap-path-prefix)
    export RUSTFLAGS="${flags% }${RUSTFLAGS:+ $RUSTFLAGS}"
    flags=$(release_flags ffile-prefix-map | sed 's/--ffile/-ffile/g')
    for triple in x86_64_unknown_linux_gnu aarch64_unknown_linux_gnu; do export "CFLAGS_$triple=${flags% }"; done
    export POOLCOUNTER_RELEASE_FLAGS=$PWD
}
use_release_flags
# Cargo must not see it: with another time it builds PHP's bindings again. packaging/build exports it for the tools that make archives.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
cargo() { (unset SOURCE_DATE_EPOCH && command cargo "$@"); }

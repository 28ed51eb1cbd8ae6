# Functions that build the programs of the image and the image. The caller's folder is the workspace's root; it has read scripts/lib/packages.bash and packaging/lib/arm64.bash.
# shellcheck shell=bash

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
# shellcheck source=packaging/lib/release.bash
. packaging/lib/release.bash
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

# The image has no C library, so the programs contain it. The builds have target folders of their own: with other flags, cargo would build all other programs again.
static_target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/static
static_flags="$RUSTFLAGS -C target-feature=+crt-static"
static_packages=(-p poolcounterd -p poolcounterctl)
# QUICK=1: without optimisation, for tests that do not depend on it. The published programs take some minutes to build.
if [ "${QUICK:-}" = 1 ]; then
    static_target=$static_target-quick
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=false
fi

# build_static ARCHITECTURE: builds the programs. Sets static_programs to their folder, static_triple and static_strip.
build_static() {
    case $1 in
    amd64)
        static_triple=x86_64-unknown-linux-gnu static_strip=strip static_programs=$static_target/$static_triple/release
        RUSTFLAGS=$static_flags CARGO_TARGET_DIR=$static_target cargo build --quiet --release --locked "${static_packages[@]}" --target "$static_triple"
        ;;
    arm64)
        unpack_arm64_toolchain
        local arm64_target=$static_target/arm64
        # shellcheck disable=SC2154 # arm64.bash sets it.
        static_triple=$arm64_triple static_strip=aarch64-linux-gnu-strip static_programs=$arm64_target/$arm64_triple/release
        RUSTFLAGS=$static_flags cargo_arm64 build --quiet --release --locked "${static_packages[@]}"
        ;;
    esac
}

# add_image LAYOUT ARCHITECTURE WORK: adds an image to the layout, with the architecture as its tag.
add_image() {
    local layout=$1 architecture=$2 root=$3/root program label labels
    umask 022
    mkdir -p "$root/usr/bin" "$root/usr/share/doc/poolcounter" "$root/etc" "$root/run/poolcounter"
    for program in poolcounterd poolcounterctl; do
        "$static_strip" -o "$root/usr/bin/$program" "$static_programs/$program"
    done
    # The daemon shows names of users from this file; it needs no entry.
    printf 'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n' >"$root/etc/passwd"
    printf 'nogroup:x:65534:\n' >"$root/etc/group"
    # What a static program can do: it loads no other modules.
    printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
    cp LICENSE-MIT LICENSE-APACHE "$root/usr/share/doc/poolcounter/"
    packaging/oci/lib/licences.py "$static_triple" >"$root/usr/share/doc/poolcounter/THIRD-PARTY"
    # A container may run as any user.
    chmod 1777 "$root/run/poolcounter"
    tar --create --file "$3/layer.tar" --directory "$root" --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner etc run usr

    labels=(
        title=poolcounter
        "description=The PoolCounter daemon, and its operator's program"
        "version=$version"
        "created=$created"
        "licenses=MIT OR Apache-2.0"
        "authors=the PoolCounter contributors"
        "documentation=/usr/share/doc/poolcounter"
    )
    local config=(
        --architecture "$architecture" --os linux --created "$created" --author 'the PoolCounter contributors'
        --config.user 65534:65534 --config.workingdir / --config.env PATH=/usr/bin
        --config.exposedports 7531/tcp --config.exposedports 7532/tcp --config.volume /run/poolcounter --config.stopsignal SIGTERM
    )
    for label in "${labels[@]}"; do
        config+=(--config.label "org.opencontainers.image.$label" --manifest.annotation "org.opencontainers.image.$label")
    done
    # The options of a container come after these, and the last -l is used.
    for word in /usr/bin/poolcounterd -l :: --admin '[::]:7532' --admin unix:/run/poolcounter/admin; do config+=(--config.entrypoint "$word"); done
    umoci new --image "$layout:$architecture"
    umoci raw add-layer --image "$layout:$architecture" --history.created "$created" --history.created_by packaging/oci/build "$3/layer.tar"
    umoci config --image "$layout:$architecture" --no-history "${config[@]}"
}

# write_archive LAYOUT FILE
write_archive() {
    umoci gc --layout "$1"
    tar --create --file "$2" --directory "$1" --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX blobs index.json oci-layout
}

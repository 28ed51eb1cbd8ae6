# Minimal Debian systems in folders, without compilers: roots. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash.
# shellcheck shell=bash
#
#   with_private_mounts "$0" "$@"         # First. Runs the caller again as root, where its mounts are its own: they end with it.
#   make_root bookworm amd64              # Once: a complete root below build/roots, 200 MB. The suite may be trixie, the architecture arm64.
#   open_root "$work/new" bookworm amd64  # A folder that begins as that root; changes are kept in "$work/new". Sets root=$work/new/root.
#   apt_in_root "$root" install ./x.deb   # apt-get, without questions. Downloads are kept below build/roots, so a second run is quick.
#   in_root "$root" id                    # A command, with process ids, mounts, a host name and an environment of its own, and the network of this machine.
#   close_root "$work/new"                # Unmounts it, and removes the folder.
#
# The programs of an arm64 root run under qemu.

roots=${build:?}/roots

# with_private_mounts PROGRAM ARGUMENT...: returns in the second run only. Without root it asks sudo, so what needs the user's own settings, such as cargo, comes before.
with_private_mounts() {
    local program
    program=$(realpath "$1")
    shift
    [ "${POOLCOUNTER_MOUNTS_OF:-}" != "$program" ] || return 0
    as_root unshare --mount --propagation private true 2>/dev/null || fail 'this needs a machine that lets root mount: unshare --mount fails'
    if [ "$(id -u)" -eq 0 ]; then
        POOLCOUNTER_MOUNTS_OF=$program exec unshare --mount --propagation private "$program" "$@"
    fi
    exec sudo env "POOLCOUNTER_MOUNTS_OF=$program" "HOME=$HOME" "PATH=$PATH" unshare --mount --propagation private "$program" "$@"
}

# make_root SUITE ARCHITECTURE: the complete folder is build/roots/SUITE-ARCHITECTURE.
make_root() {
    [ ! -d "$roots/$1-$2" ] || return 0
    install_packages debootstrap=debootstrap flock=util-linux
    [ "$2" != arm64 ] || install_packages qemu-aarch64-static=qemu-user-static
    mkdir -p "$roots"
    # Tests of several kinds of packages may begin at the same time.
    (
        flock 9
        [ -d "$roots/$1-$2" ] || bootstrap_root "$1" "$2"
    ) 9<"$roots"
}

bootstrap_root() {
    local suite=$1 arch=$2 name=$1-$2 source new=$roots/$1-$2.new options=(--variant=minbase) said
    source=$(newer_source)
    say "making a minimal Debian $suite for $arch below build/roots"
    rm -rf "$new"
    mkdir -p "$roots/archives-$name"
    # qemu runs programs of arm64 only when its second stage begins.
    [ "$arch" = "$(dpkg --print-architecture)" ] || options+=(--foreign)
    said=$(debootstrap "${options[@]}" --arch="$arch" --cache-dir="$roots/archives-$name" "$suite" "$new" "$source" 2>&1) ||
        fail "debootstrap of $suite for $arch from $source failed: $said"
    if [ -d "$new/debootstrap" ]; then
        # `container` tells debootstrap that it cannot make device files.
        said=$(in_root "$new" env container=lxc /debootstrap/debootstrap --second-stage 2>&1) || fail "the second stage of $suite for $arch failed: $said"
    fi
    configure_apt "$suite" "$source" "$new"
    said=$(apt_in_root "$new" update 2>&1) || fail "apt-get update in the new root for $name failed: $said"
    mv "$new" "$roots/$name"
}

# How this machine reaches its source of packages: the source, proxies, what is checked, and the certificates.
configure_apt() {
    local folder=$3/etc
    printf 'deb %s %s main\n' "$2" "$1" | tee "$folder/apt/sources.list" >/dev/null
    apt-config dump | grep -E '^Acquire::(https?|Check|Retries|ForceIP)' | tee "$folder/apt/apt.conf.d/90machine" >/dev/null || true
    printf '%s\n' 'APT::Install-Recommends "false";' 'Acquire::Languages "none";' 'Dpkg::Options { "--force-unsafe-io"; };' 'Dpkg::Use-Pty "false";' \
        'APT::Keep-Downloaded-Packages "true";' | tee "$folder/apt/apt.conf.d/91root" >/dev/null
    mkdir -p "$folder/ssl/certs"
    [ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$folder/ssl/certs/"
}

# open_root FOLDER SUITE ARCHITECTURE [LAYER...]: sets root. A layer is the folder of another open root of that suite, whose changes the new one begins with.
open_root() {
    local folder=$1 name=$2-$3 lower=
    make_root "$2" "$3"
    shift 3
    for layer in "$@"; do lower=$layer/changes:$lower; done
    mkdir -p "$folder/changes" "$folder/overlay" "$folder/root"
    root=$folder/root
    mount -t overlay "root-$name" -o "lowerdir=$lower$roots/$name,upperdir=$folder/changes,workdir=$folder/overlay" "$root" ||
        fail "an overlay of build/roots/$name cannot be mounted at $root"
    printf '%s\n' "$name" >"$folder/name"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
}

close_root() {
    umount -R "$1/root"
    rm -rf "$1"
}

# in_root ROOT COMMAND ARGUMENT...
in_root() {
    local folder=$1 namespaces=(--mount --pid --uts --ipc)
    shift
    if [ "$(root_architecture "$folder")" = "$(dpkg --print-architecture)" ] || [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
        unshare "${namespaces[@]}" --fork --kill-child -- /bin/bash -c "$(declare -f enter_root); enter_root \"\$@\"" enter_root "$folder" "$@"
        return
    fi
    # A user namespace of its own (Linux 6.7) can have qemu as its interpreter without a change of this machine. All users are mapped to themselves, from
    # outside; the program inside waits for that.
    local pid go
    exec {go}<> <(:)
    unshare --user "${namespaces[@]}" --fork --kill-child -- /bin/bash -c "$(declare -f enter_root register_qemu enter_foreign_root); enter_foreign_root \"\$@\"" \
        enter_foreign_root "$go" "$folder" "$@" <&0 &
    pid=$!
    until [ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.01
    done
    echo '0 0 65536' >"/proc/$pid/uid_map" && echo '0 0 65536' >"/proc/$pid/gid_map" && echo >&"$go"
    exec {go}>&-
    wait "$pid"
}

enter_foreign_root() {
    local go=$1 folder=$2
    read -r -t 20 -u "$go" || exit
    exec {go}>&-
    shift
    exec setpriv --reuid 0 --regid 0 --clear-groups /bin/bash -c "$(declare -f enter_root register_qemu); register_qemu \"\$1\"; enter_root \"\$@\"" enter_root "$@"
}

# The kernel keeps the file open (F), so it is found in every root.
register_qemu() {
    mount --make-rprivate /
    mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount -t binfmt_misc binfmt_misc "$1/proc/sys/fs/binfmt_misc"
    printf '%s' ':qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$(command -v qemu-aarch64-static)"':FPC' \
        >"$1/proc/sys/fs/binfmt_misc/register"
}

# Every file of the dynamic linker names its architecture.
root_architecture() {
    if [ -e "$1/lib/ld-linux-aarch64.so.1" ] || [ -e "$1/usr/lib/ld-linux-aarch64.so.1" ]; then echo arm64; else dpkg --print-architecture; fi
}

# In a mount namespace of its own, whose end removes these mounts.
enter_root() {
    local folder=$1 device
    shift
    mount --make-rprivate /
    mountpoint -q "$folder" || mount --bind "$folder" "$folder"
    mountpoint -q "$folder/proc" || mount -t proc proc "$folder/proc"
    mount --rbind /sys "$folder/sys"
    mount -t tmpfs -o mode=0755 dev "$folder/dev"
    for device in null zero full random urandom tty; do
        : >"$folder/dev/$device"
        mount --bind "/dev/$device" "$folder/dev/$device"
    done
    mkdir -m 0755 "$folder/dev/pts" "$folder/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$folder/dev/pts"
    ln -s pts/ptmx "$folder/dev/ptmx"
    ln -s /proc/self/fd "$folder/dev/fd"
    mount -t tmpfs -o mode=1777 shm "$folder/dev/shm"
    hostname root
    cd /
    # Without the settings of this machine, except for how to reach the network.
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} ${no_proxy:+"no_proxy=$no_proxy"} \
        chroot "$folder" "$@"
}

# apt_in_root ROOT ARGUMENT...: the archives of all roots of one kind are shared, and one apt at a time uses them.
apt_in_root() {
    local folder=$1 archives
    shift
    # shellcheck disable=SC1091 # The file of that root.
    archives=$roots/archives-$(. "$folder/etc/os-release" && printf %s "$VERSION_CODENAME")-$(root_architecture "$folder")
    mkdir -p "$archives/partial" "$folder/var/cache/apt/archives"
    # shellcheck disable=SC2094 # A folder is locked, and not read.
    (
        flock 9
        mount --bind "$archives" "$folder/var/cache/apt/archives"
        status=0
        in_root "$folder" apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@" 9>&- || status=$?
        umount "$folder/var/cache/apt/archives"
        exit "$status"
    ) 9<"$archives"
}

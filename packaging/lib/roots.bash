# Minimal Debian systems in folders, without compilers: roots. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash.
# shellcheck shell=bash
#
#   with_private_mounts "$0" "$@"         # First. Runs the caller again as root, where its mounts are its own: they end with it.
#   open_root "$work/new" bookworm amd64  # A folder that begins as such a root; its changes are in "$work/new". Sets root=$work/new/root.
#   apt_in_root "$root" install ./x.deb   # apt-get, without questions. Downloads are kept below build/roots, so a second run is quick.
#   in_root "$root" id                    # A command, with process ids, mounts, a host name and an environment of its own, and the network of this machine.
#   close_root "$work/new"                # Removes the folder.
#
# The suite may be trixie, the architecture arm64: programs of arm64 run under qemu. With packages as further arguments of open_root, the root has these already;
# they are installed once. The first use of a suite makes its root below build/roots, which takes a minute (arm64: three) and 300 MB.
#
#   boot_root "$root" & boot=$!           # systemd as process 1, with a network of its own. The root has the package systemd-sysv. kill -KILL $boot ends it.
#   wait_for_boot "$boot"                 # Sets booted, the process id of systemd.
#   in_booted_root "$booted" systemctl    # A command among its processes.
#   apt_in_booted_root "$booted" update   # apt-get among its processes, with the network of this machine.

roots=${build:?}/roots

# with_private_mounts PROGRAM ARGUMENT...: returns in the second run only. Without root it asks sudo, so what needs the user's own settings, such as cargo, comes before.
with_private_mounts() {
    local program said
    program=$(realpath "$1")
    shift
    [ "${POOLCOUNTER_MOUNTS_OF:-}" != "$program" ] || return 0
    said=$(as_root unshare --mount --propagation private true 2>&1) || fail "mounts that only this run sees cannot be made: ${said#setup: }"
    if [ "$(id -u)" -eq 0 ]; then
        POOLCOUNTER_MOUNTS_OF=$program exec unshare --mount --propagation private "$program" "$@"
    fi
    exec sudo env "POOLCOUNTER_MOUNTS_OF=$program" "HOME=$HOME" "PATH=$PATH" unshare --mount --propagation private "$program" "$@"
}

# open_root FOLDER SUITE ARCHITECTURE [PACKAGE...]: sets root.
open_root() {
    local folder=$1 suite=$2 arch=$3 lower=$roots/$2-$3 layer
    shift 3
    # Tests of several kinds of packages may begin at the same time.
    mkdir -p "$roots"
    exec {lock}>"$lower.lock"
    flock "$lock"
    [ -d "$lower" ] || make_root "$suite" "$arch"
    if [ $# -gt 0 ]; then
        layer=$lower+$(printf '%s\n' "$@" | sha256sum | cut -c 1-12)
        [ -d "$layer" ] || make_layer "$layer" "$suite" "$arch" "$@"
        lower=$layer:$lower
    fi
    exec {lock}<&-
    mount_root "$folder" "$lower" "$suite-$arch"
    # shellcheck disable=SC2034 # It is for the callers.
    root=$folder/root
}

# mount_root FOLDER LOWER NAME: an overlay, and the downloads of all roots of that name.
mount_root() {
    mkdir -p "$1/changes" "$1/overlay" "$1/root"
    mount -t overlay root -o "lowerdir=$2,upperdir=$1/changes,workdir=$1/overlay" "$1/root" || fail "an overlay of $2 cannot be mounted at $1/root"
    share_downloads "$1/root" "$3"
    cp -L /etc/resolv.conf "$1/root/etc/resolv.conf"
}

share_downloads() {
    mkdir -p "$roots/archives-$2/partial" "$1/var/cache/apt/archives"
    mount --bind "$roots/archives-$2" "$1/var/cache/apt/archives"
}

# Nothing that is still mounted may be removed with the folder.
close_root() {
    umount -R "$1/root"
    if [ -f "$1/group" ]; then
        remove_group "$(cat "$1/group")" || fail "processes of the root $1 do not end"
        umount "$1/groups"
    fi
    rm -rf --one-file-system "$1"
}

# The processes of a root that was killed may take a moment to end.
remove_group() {
    local try
    for ((try = 0; try < 200; try++)); do
        [ -d "$1" ] || return 0
        find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
    return 1
}

# make_root SUITE ARCHITECTURE: the complete folder is build/roots/SUITE-ARCHITECTURE.
make_root() {
    local suite=$1 arch=$2 name=$1-$2 source new=$roots/$1-$2.new options=(--variant=minbase) said
    install_packages debootstrap=debootstrap
    [ "$arch" != arm64 ] || install_packages qemu-aarch64-static=qemu-user-static
    source=$(newer_source)
    say "making a minimal Debian $suite for $arch below build/roots"
    rm -rf --one-file-system "$new"
    mkdir -p "$roots/archives-$name"
    # The programs of another architecture run in a second stage.
    [ "$arch" = "$(dpkg --print-architecture)" ] || options+=(--foreign)
    said=$(debootstrap "${options[@]}" --arch="$arch" --cache-dir="$roots/archives-$name" "$suite" "$new" "$source" 2>&1) ||
        fail "debootstrap of $suite for $arch from $source failed: $said"
    if [ -d "$new/debootstrap" ]; then
        # `container` tells debootstrap that it cannot make device files.
        said=$(in_root "$new" env container=lxc /debootstrap/debootstrap --second-stage 2>&1) || fail "the second stage of $suite for $arch failed: $said"
    fi
    configure_apt "$suite" "$source" "$new"
    said=$(apt_in_root "$new" update 2>&1) || fail "apt-get update in the new root for $name failed: $said"
    rm -f "$new/var/cache/apt/archives"/*.deb
    mv "$new" "$roots/$name"
}

# How this machine reaches its source of packages: the source, proxies, what is checked, and the certificates.
configure_apt() {
    local folder=$3/etc
    printf 'deb %s %s main\n' "$2" "$1" >"$folder/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(https?|Check|Retries|ForceIP)' >"$folder/apt/apt.conf.d/90machine" || true
    printf '%s\n' 'APT::Install-Recommends "false";' 'Acquire::Languages "none";' 'Dpkg::Options { "--force-unsafe-io"; };' 'Dpkg::Use-Pty "false";' \
        'APT::Keep-Downloaded-Packages "true";' >"$folder/apt/apt.conf.d/91root"
    mkdir -p "$folder/ssl/certs"
    [ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$folder/ssl/certs/"
}

# make_layer FOLDER SUITE ARCHITECTURE PACKAGE...: the changes that these packages make to a root.
make_layer() {
    local layer=$1 name=$2-$3 said
    shift 3
    say "installing $* in a minimal Debian ($name) below build/roots"
    rm -rf --one-file-system "$layer.new"
    mount_root "$layer.new" "$roots/$name" "$name"
    said=$(apt_in_root "$layer.new/root" install "$@" 2>&1) || fail "$* cannot be installed in a minimal Debian ($name): $said"
    umount -R "$layer.new/root"
    mv "$layer.new/changes" "$layer"
    rm -rf --one-file-system "$layer.new"
}

# in_root ROOT COMMAND ARGUMENT...
in_root() {
    local folder=$1 namespaces=(--mount --pid --uts --ipc)
    shift
    if [ "$(root_architecture "$folder")" = "$(dpkg --print-architecture)" ] || [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
        unshare "${namespaces[@]}" --fork --kill-child -- /bin/bash -ec "$(declare -f mount_devices leave_machine enter_root); enter_root \"\$@\"" enter_root "$folder" "$@"
        return
    fi
    # A user namespace of its own (Linux 6.7) can have qemu as its interpreter without a change of this machine. All users are mapped to themselves, from
    # outside; the program inside waits for that.
    local pid go
    exec {go}<> <(:)
    unshare --user "${namespaces[@]}" --fork --kill-child -- /bin/bash -ec "$(declare -f mount_devices leave_machine enter_root register_qemu enter_foreign_root); enter_foreign_root \"\$@\"" \
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
    exec setpriv --reuid 0 --regid 0 --clear-groups /bin/bash -ec "$(declare -f mount_devices leave_machine enter_root register_qemu); register_qemu \"\$1\"; enter_root \"\$@\"" enter_root "$@"
}

# The kernel keeps the file open (F), so it is found in every root.
register_qemu() {
    mount --make-rprivate /
    mount --rbind "$1" "$1"
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
    local folder=$1
    shift
    mount --make-rprivate /
    mountpoint -q "$folder" || mount --rbind "$folder" "$folder"
    mountpoint -q "$folder/proc" || mount -t proc proc "$folder/proc"
    mount --rbind /sys "$folder/sys"
    mount_devices "$folder"
    hostname root
    leave_machine chroot "$folder" "$@"
}

mount_devices() {
    local device
    mount -t tmpfs -o mode=0755 dev "$1/dev"
    for device in null zero full random urandom tty; do
        : >"$1/dev/$device"
        mount --bind "/dev/$device" "$1/dev/$device"
    done
    mkdir -m 0755 "$1/dev/pts" "$1/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$1/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$1/dev/shm"
    ln -s pts/ptmx "$1/dev/ptmx"
    ln -s /proc/self/fd "$1/dev/fd"
}

# Executes a command without the settings of this machine, except for how to reach the network.
leave_machine() {
    cd /
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} ${no_proxy:+"no_proxy=$no_proxy"} "$@"
}

# apt_in_root ROOT ARGUMENT...
apt_in_root() { with_downloads "$1" in_root "$1" sh -c "$apt_get" apt-get "${@:2}"; }

# The lists of a root that was made long ago may name packages that the source has no more.
# shellcheck disable=SC2016 # It is for a shell in the root.
apt_get='apt-get -qq -y "$@" || { status=$?; [ "$1" = install ] && apt-get -qq update && apt-get -qq -y "$@" || exit "$status"; }'

# with_downloads ROOT COMMAND...: one apt at a time uses the downloads that roots share.
with_downloads() {
    (
        flock 9
        "${@:2}" 9<&-
    ) 9<"$1/var/cache/apt/archives"
}

# boot_root ROOT: ends with systemd. What systemd prints goes to the file `console` beside the root.
boot_root() {
    local folder=${1%/root} group
    mkdir -p "$folder/groups"
    # Also where the control groups of the machine are of version 1.
    mountpoint -q "$folder/groups" || mount -t cgroup2 cgroup2 "$folder/groups" || fail 'control groups of version 2 are missing here'
    group=$(mktemp -d "$folder/groups/poolcounter-root-XXXXXX")
    chmod 0755 "$group"
    printf '%s\n' "$group" >"$folder/group"
    # The kernel ends it with the caller. The shell enters its control group, which is then the topmost one that systemd sees.
    # shellcheck disable=SC2016 # It is for that shell.
    exec setpriv --pdeathsig KILL /bin/bash -c 'echo $BASHPID >"$1" && exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child -- "${@:2}"' enter_group "$group/cgroup.procs" \
        /bin/bash -ec "$(declare -f mount_devices start_systemd); start_systemd \"\$@\"" start_systemd "$1" </dev/null >"$folder/console" 2>&1
}

start_systemd() {
    mount --make-rprivate /
    mount --rbind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount -t sysfs -o ro sysfs "$1/sys"
    mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
    mount_devices "$1"
    mount -t tmpfs -o mode=0755 run "$1/run"
    hostname root
    cd "$1" || return
    # Not chroot: systemd gives services a mount namespace of their own, with the root of its own.
    mkdir -p mnt
    pivot_root . mnt
    umount -l /mnt
    # As a container: without what would change this machine.
    exec setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio env -i container=lxc PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=false
}

# wait_for_boot PROCESS: sets booted.
wait_for_boot() {
    local try state
    for ((try = 0; try < 600; try++)); do
        kill -0 "$1" 2>/dev/null || fail 'systemd has ended: the file console, beside its root, has what it printed'
        booted=$(cat "/proc/$1/task/$1/children" 2>/dev/null) booted=${booted% }
        state=$([ -z "$booted" ] || in_booted_root "$booted" systemctl is-system-running 2>/dev/null) || true
        case $state in
        running) return ;;
        degraded) fail "a unit has failed: $(in_booted_root "$booted" systemctl --failed --no-legend --plain)" ;;
        esac
        sleep 0.1
    done
    fail 'systemd does not run after a minute: the file console, beside its root, has what it printed'
}

# in_booted_root BOOTED COMMAND ARGUMENT...
in_booted_root() { enter_booted_root "$1" --net "${@:2}"; }

# apt_in_booted_root BOOTED ARGUMENT...
apt_in_booted_root() { with_downloads "/proc/$1/root" enter_booted_root "$1" --cgroup sh -c "$apt_get" apt-get "${@:2}"; }

# enter_booted_root BOOTED NAMESPACE COMMAND...: in this namespace too.
enter_booted_root() {
    (leave_machine nsenter --target "$1" --mount --pid --uts --ipc --cgroup --root --wd "$2" -- "${@:3}")
}

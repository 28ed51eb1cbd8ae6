# Functions of the setup scripts: installing Debian's packages, and unpacking them without installing. The caller's folder is the workspace's root.
# shellcheck shell=bash

build=$PWD/build

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
        fail "'$*' needs root: run this as root, or install sudo"
    fi
}

lists_are_fresh=
refresh_lists() {
    [ -z "$lists_are_fresh" ] || return 0
    say 'refreshing the package lists'
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
    lists_are_fresh=1
}

# install_packages COMMAND=PACKAGE...: installs each package whose command (or file) is missing.
install_packages() {
    local missing=() pair
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || [ -e "${pair%%=*}" ] || missing+=("${pair##*=}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    refresh_lists
    say "installing ${missing[*]}"
    as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# install_listed FILE: installs what a file lists, one COMMAND=PACKAGE a line.
install_listed() {
    local listed
    mapfile -t listed < <(grep -v '^#' "$1")
    install_packages "${listed[@]}"
}

# unpack FOLDER APT_OPTION... -- PACKAGE...: unpacks packages into FOLDER.new; the caller renames it when it is complete.
unpack() {
    local folder=$1 options=() package packages=$1.packages
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    rm -rf "$packages" "$folder.new"
    mkdir -p "$packages" "$folder.new"
    # apt-get warns that it downloads as root; its output matters only if it fails.
    local said
    said=$(cd "$packages" && apt-get -qq "${options[@]}" download "$@" 2>&1) ||
        fail "apt-get could not download $*: $said"
    for package in "$packages"/*.deb; do dpkg-deb -x "$package" "$folder.new"; done
    rm -rf "$packages"
}

# unpack_program FOLDER PACKAGE...: unpacks a server into FOLDER, and libraries that a fresh Debian does not have into FOLDER/lib.
unpack_program() {
    local folder=$1
    [ ! -d "$folder" ] || return 0
    shift
    refresh_lists
    say "unpacking $* below ${folder#"$PWD/"}"
    unpack "$folder" -- "$@"
    mkdir -p "$folder.new/lib"
    find "$folder.new/usr" "$folder.new/lib" -name '*.so.*' -exec cp -n {} "$folder.new/lib/" \; 2>/dev/null || true
    mv "$folder.new" "$folder"
}

# The reference, as Debian 12 has it.
unpack_reference() {
    [ ! -x "$build/reference/poolcounterd" ] || return 0
    refresh_lists
    say 'unpacking the reference daemon (poolcounter, libevent) below build/reference'
    local new=$build/reference.new
    unpack "$build/reference" -- poolcounter libevent-2.1-7
    mkdir -p "$new/lib"
    cp -a "$new"/usr/lib/*/libevent-2.1.so.7* "$new/lib/"
    cp "$new/usr/bin/poolcounterd" "$new/poolcounterd"
    rm -rf "$build/reference" && mv "$new" "$build/reference"
}

# php-fpm, which the tests of the PHP extension and the wiki share.
unpack_fpm() { unpack_program "$build/php-fpm" php8.2-fpm libapparmor1 libacl1; }

# Prometheus and promtool, for the checks of the monitoring kit. The packages that it depends on have only what its own page shows.
unpack_prometheus() { unpack_program "$build/prometheus" prometheus; }

# Apache with mod_php, for the tests of the PHP extension.
unpack_apache() { unpack_program "$build/apache" apache2-bin libapache2-mod-php8.2 libapr1 libaprutil1; }

# Sets newer_options: apt's options for the packages of Debian 13, with separate package lists; the machine's own lists do not change.
newer_options=()
newer_lists=
list_newer_packages() { list_packages_of trixie; }

# list_packages_of SUITE...: the same for these suites, of which there may be security updates.
list_packages_of() {
    [ ${#newer_options[@]} -eq 0 ] || return 0
    local source suite suites=("$@") apt
    # Another process may list other suites.
    apt=$build/apt-$(IFS=+ && printf '%s' "$*")
    source=$(newer_source)
    say "listing the packages of Debian ${suites[*]}"
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc"
    for suite in "${suites[@]}"; do
        case $suite in *-security) suite="${source%/}-security $suite" ;; *) suite="$source $suite" ;; esac
        printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s main\n' "$suite"
    done >"$apt/etc/sources.list"
    newer_options=(-o "Dir::Etc::SourceList=$apt/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache")
    newer_lists=$apt
    apt-get -qq "${newer_options[@]}" update || fail "the packages of Debian ${suites[*]} cannot be listed from $source"
}

forget_newer_packages() {
    [ -z "$newer_lists" ] || rm -rf "$newer_lists"
    newer_options=() newer_lists=
}

# shellcheck disable=SC2016 # apt-get itself fills in $(SITE).
debian_site() { apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep -v security | head -n 1 || true; }

# The source of this machine's Debian packages.
newer_source() {
    local uri
    uri=$(debian_site)
    # apt takes the origin of a source from its list, and an image of a container has no lists.
    [ -n "$uri" ] || { refresh_lists >&2 && uri=$(debian_site); }
    [ -n "$uri" ] || fail 'no source of Debian packages is configured'
    printf '%s\n' "$uri"
}

# Functions of the tests of the image. The caller's folder is the workspace's root, and `work` is its own folder.
# shellcheck shell=bash

: "${work:?}" "${build:?}"
export PYTHONDONTWRITEBYTECODE=1
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1700000000}
export SOURCE_DATE_EPOCH

style() { shellcheck --external-sources packaging/oci/build packaging/oci/test packaging/oci/test-all packaging/oci/lib/*.bash; }

can_run_containers() {
    local missing
    [ "$(id -u)" -ne 0 ] || ! missing=$(unshare --mount --pid --net --fork true 2>&1) || return 0
    printf 'SKIPPED: containers, because this system cannot run them: %s\n' "${missing:-they need root}"
    # shellcheck disable=SC2034 # steps.bash counts it.
    [ -z "${CI:-}" ] || failed=1
    return 1
}

# build_image ARCHITECTURE...: into $work/image. QUICK=1: without optimisation.
build_image() {
    mkdir -p "$work/image"
    ARCHES="$*" packaging/oci/build "$work/image" || return
    archive=$work/image/poolcounter-$version-oci.tar
}

# The programs are not built again. packaging/reproducible tests whether they depend on the folder.
same_image_again() {
    mkdir -p "$work/again/tmp"
    TMPDIR=$work/again/tmp ARCHES="$*" packaging/oci/build "$work/again" && cmp "$archive" "$work/again/${archive##*/}"
    local same=$?
    rm -rf "$work/again"
    return "$same"
}

# has_architectures ARCHITECTURE...: whether the index of the archive names these, and no others.
has_architectures() {
    skopeo --insecure-policy inspect --raw "oci-archive:$archive" | python3 -c '
import json, sys
found = [manifest["platform"] for manifest in json.load(sys.stdin)["manifests"]]
assert found == [{"architecture": name, "os": "linux"} for name in sys.argv[1:]], found
' "$@"
}

# check_image ARCHITECTURE [TEST...]: runs it, in a network of its own.
check_image() {
    local architecture=$1 ok=0
    shift
    mkdir "$work/$architecture"
    counted unshare --net python3 packaging/oci/checks/run.py "$archive" "$architecture" "$work/$architecture" "$@" || ok=1
    rm -rf "${work:?}/$architecture"
    return "$ok"
}

# Debian's registry, unpacked below build/.
unpack_registry() { unpack_program "$build/docker-registry" docker-registry; }

# The commands of README.md, with a registry of the test's own, in a network of its own.
through_a_registry() {
    unpack_registry
    mkdir "$work/registry"
    printf 'version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: 127.0.0.1:5000\nlog:\n  level: error\n' "$work/registry/data" >"$work/registry/config.yml"
    unshare --net bash packaging/oci/lib/registry.bash "$build/docker-registry/usr/bin/docker-registry" "$work/registry" "$archive" "$version"
}

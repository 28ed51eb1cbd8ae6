#!/usr/bin/env bash
# Takes the archive into a registry and out of it: registry.bash PROGRAM FOLDER ARCHIVE VERSION. It runs below `unshare --net`.
set -euo pipefail
program=$1 folder=$2 archive=$3 version=$4
registry=docker://127.0.0.1:5000/poolcounter:$version

ip link set lo up
"$program" serve "$folder/config.yml" >"$folder/log" 2>&1 &
trap 'kill $!; wait' EXIT
for _ in $(seq 200); do
    ! (: <>/dev/tcp/127.0.0.1/5000) 2>/dev/null || break
    sleep 0.1
done
copy() { skopeo --insecure-policy copy --quiet "$@"; }
digest() { skopeo --insecure-policy inspect "${@:2}" --raw "$1" | sha256sum; }

copy --all --preserve-digests --dest-tls-verify=false "oci-archive:$archive" "$registry"
[ "$(digest "$registry" --tls-verify=false)" = "$(digest "oci-archive:$archive")" ] || { printf 'the registry has another index\n'; exit 1; }
for architecture in amd64 arm64; do
    skopeo --insecure-policy "--override-arch=$architecture" copy --quiet --src-tls-verify=false "$registry" "oci:$folder/$architecture:image"
    found=$(skopeo --insecure-policy "--override-arch=$architecture" inspect --config --raw "oci:$folder/$architecture:image" | grep -o "\"architecture\":\"$architecture\"" | sort -u)
    [ -n "$found" ] || { printf 'the registry has no image for %s\n' "$architecture"; exit 1; }
done
# Where podman finds its images.
copy "oci-archive:$archive" "containers-storage:[vfs@$folder/storage+$folder/run]localhost/poolcounter:$version"

# Sets architectures: what is built for, by Debian's names. ARCHES="amd64" chooses one; the default is "amd64 arm64". The caller has read scripts/lib/packages.bash.
# shellcheck shell=bash

read -ra architectures <<<"${ARCHES:-amd64 arm64}"
[ ${#architectures[@]} -gt 0 ] || fail 'ARCHES names no architecture'
for known in "${architectures[@]}"; do
    case $known in
    amd64 | arm64) ;;
    *) fail "ARCHES names the architecture $known: amd64 and arm64 are known" ;;
    esac
done

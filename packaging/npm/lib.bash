# Functions of the tests of the npm package. The caller's folder is the workspace's root; it has read scripts/lib/packages.bash and scripts/lib/steps.bash, and `work` is its
# temporary folder.
# shellcheck shell=bash

tools=${build:?}/npm/tools
# shellcheck disable=SC2034 # It is for the callers.
runtimes=$build/npm/runtimes
export POOLCOUNTER_NPM_TOOLS=$tools
# Node 18 has no time limit for a test.
limit=600

# from_npm tools|runtimes: installs what packaging/npm/NAME/package-lock.json lists below build/npm/NAME, unless it is there.
from_npm() {
    local list=packaging/npm/$1 folder=$build/npm/$1
    ! cmp -s "$list/package-lock.json" "$folder/installed.json" || return 0
    say "installing the $1 of the npm package's tests below build/npm/$1"
    mkdir -p "$folder"
    cp "$list/package.json" "$list/package-lock.json" "$folder"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error || return
    cp "$list/package-lock.json" "$folder/installed.json"
}

# The Node that runs the tools: some of them do not run on Debian's.
tools_node() { echo "$tools"/node_modules/node-linux-*/bin/node; }

build_package() {
    # Another umask than usual, because the archive must not depend on it.
    (umask 027 && packaging/npm/build "${work:?}/dist") || return
    POOLCOUNTER_NPM_PACKAGE=$(echo "$work"/dist/poolcounter-*.tgz)
    export POOLCOUNTER_NPM_PACKAGE
}

style() {
    local prettier=$PWD/wasm/npm/node_modules/prettier/bin/prettier.cjs eslint=$PWD/wasm/npm/node_modules/eslint/bin/eslint.js
    shellcheck --external-sources packaging/npm/build packaging/npm/test packaging/npm/test-all packaging/npm/lib.bash &&
        node "$prettier" --config wasm/npm/.prettierrc.json --log-level warn --check packaging/npm/tests wasm/*.mjs &&
        node "$eslint" --config wasm/npm/eslint.config.mjs --max-warnings 0 packaging/npm/tests wasm/*.mjs
}

# node_tests COMMAND...: a run of Node's tests that prints TAP.
node_tests() {
    local ok=0 tap=$work/tap
    timeout "$limit" "$@" >"$tap" 2>&1 || ok=1
    if [ "$ok" -eq 0 ]; then sed -nE 's/^ok [0-9]+ - /  /p' "$tap"; else cat "$tap"; fi
    ran=$(sed -nE 's/^# tests ([0-9]+)$/\1/p' "$tap")
    # shellcheck disable=SC2034 # The numbers are for `step`.
    bad=$((${ran:=1} - $(sed -nE 's/^# pass ([0-9]+)$/\1/p' "$tap" | grep . || echo 0)))
    return "$ok"
}

# package_tests FILE...: tests of packaging/npm/tests.
package_tests() { node_tests "$(tools_node)" --test --test-reporter=tap "${@/#/packaging/npm/tests/}"; }

# Functions of the tests of the crates. The caller has a folder `work`, and its folder is the workspace's root.
# shellcheck shell=bash

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
crates=(poolcounter poolcounter_sim poolcounterd poolcounterctl)
built=${work:?}/built
# Always the same folder, so that the build folder does not grow with each run.
unpacked=$PWD/build/crates

build_crates() {
    rm -rf "$unpacked"
    mkdir -p "$built" "$unpacked"
    packaging/crates/build "$built" || return
    local crate
    # With the current time: cargo would treat sources from 2006 as unchanged.
    for crate in "${crates[@]}"; do tar -xmzf "$built/$crate-$version.crate" -C "$unpacked" || return; done
}

# Nothing but sources, what users read, and what cargo writes itself. Sources include the texts, pages and samples that the code includes.
files_are_wanted() {
    local crate folder wrong=0 file
    for crate in "${crates[@]}"; do
        folder=$unpacked/$crate-$version
        for file in README.md LICENSE-MIT LICENSE-APACHE Cargo.toml src; do
            [ -s "$folder/$file" ] || { echo "$crate has no $file"; wrong=1; }
        done
        while read -r file; do
            echo "$crate has $file, which nobody needs"
            wrong=1
        done < <(cd "$folder" && find . -type f -printf '%P\n' |
            grep -vE '^(src/.*\.(rs|txt|bin|html|css|js|svg|LICENSE)|README\.md|LICENSE-(MIT|APACHE)|Cargo\.(toml|toml\.orig|lock)|\.cargo_vcs_info\.json|man/.*\.(1|8|roff)|completions/.*|systemd/.*)$')
    done
    return "$wrong"
}

manifests_name_no_folder() {
    local crate manifest wrong=0 field
    for crate in "${crates[@]}"; do
        manifest=$unpacked/$crate-$version/Cargo.toml
        for field in description license keywords categories readme rust-version; do
            grep -q "^$field = " "$manifest" || { echo "$crate has no $field"; wrong=1; }
        done
        ! grep -nE 'path = "(\.\.|/)' "$manifest" || { echo "$crate names a folder outside of it"; wrong=1; }
    done
    return "$wrong"
}

same_bytes_elsewhere() {
    local other=$work/other crate
    git clone --quiet --no-hardlinks . "$other" && mkdir "$work/again" || return
    # Files that are not committed too.
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference -t "$other" || return
    CARGO_TARGET_DIR=$work/other-target "$other/packaging/crates/build" "$work/again" || return
    for crate in "${crates[@]}"; do cmp "$built/$crate-$version.crate" "$work/again/$crate-$version.crate" || return; done
}

# A workspace of the unpacked crates, with the lock file of this one.
make_workspace() {
    printf '[workspace]\nresolver = "3"\nmembers = ["*-%s"]\n\n[patch.crates-io]\npoolcounter = { path = "poolcounter-%s" }\npoolcounter_sim = { path = "poolcounter_sim-%s" }\n' "$version" "$version" "$version" >"$unpacked/Cargo.toml"
    cp Cargo.lock "$unpacked/"
}

# check_unpacked TARGET: with the profile of this workspace, so that dependencies in the build folder are used.
check_unpacked() {
    make_workspace && sed -n '/^\[profile.dev\]$/,/^$/p' Cargo.toml >>"$unpacked/Cargo.toml" &&
        (cd "$unpacked" && CARGO_TARGET_DIR=$1 cargo check --offline --workspace)
}

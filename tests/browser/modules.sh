# SPDX-License-Identifier: Apache-2.0
# What the scripts for a browser need from npm.  To be sourced.
# shellcheck shell=bash

# install_modules BUILD-DIR STAGE: makes STAGE/node_modules; false where npm cannot, with its words in STAGE/npm.log.  What it installs is
# kept in the build tree, by the versions that are asked for: the registry, or npm itself on a busy machine, takes a minute, and tests run
# beside each other.
install_modules() {
    local build=$1 stage=$2 source kept
    source=$(dirname "${BASH_SOURCE[0]}")
    mkdir -p "$build/browser"
    cp "$source"/*.json "$source"/*.mjs "$stage"
    kept=$build/browser/modules-$(sha256sum <"$source/package-lock.json" | cut -c1-12)
    (
        flock 9
        [ -d "$kept" ] && exit
        cd "$stage" && npm ci --prefer-offline --ignore-scripts --no-audit --no-fund >npm.log 2>&1 && mv node_modules "$kept"
    ) 9>"$build/browser/modules.lock" || return
    cp -r "$kept" "$stage/node_modules"
}

#!/usr/bin/env bash
# Tries every argument of every native wrapper (src/testing/argument-trials.ts) with the kernels under the address and undefined-behaviour sanitizers: what the checks let through
# must stay inside its arrays. Runs the built package (dist/) from a copy, with a cache of its own. Needs Linux and cc (or $CC) with the sanitizers' runtime.
#
#   build/test-wrappers.sh [target …]     baseline where none is named
set -euo pipefail
if [[ $(uname -s) != Linux ]]; then
  echo 'test-wrappers: only on Linux, where the sanitizers can be loaded into node'
  exit 0
fi
package=$(cd "$(dirname "$0")/.." && pwd)
compiler=${CC:-cc}
mkdir -p "$package/tmp"
# Inside the package, from where node finds the other packages.
folder=$(mktemp -d "$package/tmp/sanitized-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cp -r "$package/dist" "$package/c" "$package/package.json" "$folder"
runtime() { $compiler -print-file-name="$1"; }
for target in "${@:-baseline}"; do
  XDG_CACHE_HOME="$folder/cache" CC="$compiler -fsanitize=address,undefined -fno-sanitize-recover=all -g1" \
    LD_PRELOAD="$(runtime libasan.so) $(runtime libubsan.so)" ASAN_OPTIONS=detect_leaks=0 \
    node "$folder/dist/testing/run-argument-trials.js" "$target"
  grep -q __asan_report "$folder"/cache/metadescent/kernels/*-"$target"-*.so
done

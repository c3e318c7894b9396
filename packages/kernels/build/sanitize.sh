#!/usr/bin/env bash
# Runs c/test/kernels-test.c under the address and undefined-behaviour sanitizers, once for each instruction set that this processor has.
set -euo pipefail
cd "$(dirname "$0")/../c"
compiler=${CC:-cc}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

run() {
  local target=$1
  shift
  "$compiler" -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -ffp-contract=off -Wall -Wextra \
    "$@" -DTARGET="$target" ./*.c test/kernels-test.c -lm -o "$folder/$target"
  "$folder/$target"
}

case $(uname -m) in
  x86_64)
    run baseline
    flags=$(grep -m1 '^flags' /proc/cpuinfo 2>/dev/null || sysctl -n machdep.cpu.leaf7_features machdep.cpu.features 2>/dev/null || true)
    flags=" ${flags,,} "
    if [[ $flags == *" avx2 "* ]]; then run avx2 -mavx2 -mfma; fi
    if [[ $flags == *" avx512vl "* ]]; then run avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma; fi
    ;;
  aarch64 | arm64) run neon ;;
  *) run baseline ;;
esac

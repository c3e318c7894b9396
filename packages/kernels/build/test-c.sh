#!/usr/bin/env bash
# Tests the C kernels by themselves:
#   1. every exported function is called by a test in c/test
#   2. the tests pass under the address and undefined-behaviour sanitizers, once for each instruction set that this processor has
#   3. the NEON code compiles, where this is no ARM processor and clang is present
# Needs cc (or $CC) with the sanitizers' runtime, which comes with gcc.
set -euo pipefail
sources=$(cd "$(dirname "$0")/../c" && pwd)
compiler=${CC:-cc}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

exported() { grep -oh 'KERNEL([a-z0-9_]*)' "$@" | sort -u; }
untested=$(comm -23 <(exported "$sources"/*.c) <(exported "$sources"/test/*.c))
if [[ -n $untested ]]; then
  echo "test-c: no test in c/test calls ${untested//$'\n'/, }" >&2
  exit 1
fi

sanitize() {
  local target=$1
  shift
  # -g1: without variables, whose tracking takes most of the compiler's time.
  local flags=(-std=gnu11 -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
    -ffp-contract=off -Wall -Wextra -Werror "$@" -DTARGET="$target")
  printf '%s\n' "$sources"/*.c "$sources"/test/*.c |
    xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} "$compiler" "${flags[@]}" -c {}
  "$compiler" "${flags[@]}" ./*.o -lm -o kernels-test
  ./kernels-test
}

case $(uname -m) in
  x86_64)
    sanitize baseline
    flags=$(grep -m1 '^flags' /proc/cpuinfo 2>/dev/null || sysctl -n machdep.cpu.leaf7_features machdep.cpu.features 2>/dev/null || true)
    flags=" ${flags,,} "
    if [[ $flags == *" avx2 "* ]]; then sanitize avx2 -mavx2 -mfma; fi
    if [[ $flags == *" avx512vl "* ]]; then sanitize avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma; fi
    ;;
  aarch64 | arm64) sanitize neon ;;
  *) sanitize baseline ;;
esac

if [[ $(uname -m) != a* ]] && command -v clang >/dev/null; then
  # Without an operating system, whose headers for ARM are rarely installed.
  printf '%s\n' "$sources"/*.c |
    xargs -I{} clang --target=aarch64-none-elf -std=gnu11 -O2 -ffreestanding -ffp-contract=off -Wall -Wextra -Werror -c {}
  echo 'neon: compiles'
fi

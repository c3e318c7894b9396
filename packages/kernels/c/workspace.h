/*
 * Memory: kernels allocate nothing. The caller hands in workspaces whose sizes the `*_size` functions tell; they are carved up from a cache line
 * boundary on, with the same slack of one line in every size.
 */
#ifndef METADESCENT_WORKSPACE_H
#define METADESCENT_WORKSPACE_H

#include <stddef.h>
#include <stdint.h>

enum { CACHE_LINE_FLOATS = 16 };

static inline ptrdiff_t round_up(ptrdiff_t count, ptrdiff_t multiple) { return (count + multiple - 1) / multiple * multiple; }

static inline float *aligned_floats(float *workspace) {
  return (float *)(((uintptr_t)workspace + 63) & ~(uintptr_t)63);
}

static inline int smaller(int a, int b) { return a < b ? a : b; }

static inline void zero_floats(float *p, ptrdiff_t count) { __builtin_memset(p, 0, (size_t)count * sizeof(float)); }

static inline void copy_floats(float *to, const float *from, ptrdiff_t count) {
  __builtin_memcpy(to, from, (size_t)count * sizeof(float));
}

#endif

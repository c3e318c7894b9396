import type { ColumnGroup } from './accumulators.js';

/** Up to four groups of columns, as `interleave` in c/accumulators.c takes them. */
export interface FourGroups {
  readonly count: number;
  /** Columns of each group. */
  readonly columns: Int32Array;
  /** 0 for shared columns, else 1. */
  readonly steps: Int32Array;
  /** Of all columns. */
  readonly starts: Int32Array;
}

/** Groups `first` … `first` + 3, or as many as there are. */
export function fourGroups(groups: readonly Required<ColumnGroup>[], first: number): FourGroups {
  const count = Math.min(4, groups.length - first);
  const columns = new Int32Array(count);
  const steps = new Int32Array(count);
  let width = 0;
  for (let g = 0; g < count; g++) {
    const { starts, shared } = groups[first + g]!;
    width += columns[g] = starts.length;
    steps[g] = shared ? 0 : 1;
  }
  const starts = new Int32Array(width);
  for (let g = 0, at = 0; g < count; at += columns[g++]!) starts.set(groups[first + g]!.starts, at);
  return { count, columns, steps, starts };
}

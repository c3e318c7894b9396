import { alignedUp } from './kernel-memory.js';

/** Regions of a memory that are taken and given back in any order, each on a cache line, from one address upwards. */
export interface FreeList {
  /** The address of a region of so many bytes: the first gap that it fits into, else behind all others. */
  take(bytes: number): number;
  /** Gives the region at this address back. */
  give(address: number): void;
  /** The first address behind all regions that are taken. */
  end(): number;
}

export function createFreeList(base: number): FreeList {
  // In the order of addresses; there are few of them.
  const taken: { readonly from: number; readonly to: number }[] = [];
  return {
    take(bytes) {
      // A region of no bytes has an address of its own, too.
      const size = Math.max(alignedUp(bytes), alignedUp(1));
      let from = base;
      let at = 0;
      for (; at < taken.length; at++) {
        const next = taken[at]!;
        if (from + size <= next.from) break;
        from = next.to;
      }
      taken.splice(at, 0, { from, to: from + size });
      return from;
    },
    give(address) {
      const at = taken.findIndex(({ from }) => from === address);
      if (at < 0) throw new RangeError(`FreeList.give: no region begins at ${address}`);
      taken.splice(at, 1);
    },
    end: () => taken.at(-1)?.to ?? base,
  };
}

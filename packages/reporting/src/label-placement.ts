/**
 * Places labels on a line: as near as possible to where they belong (least squares), `gap` apart, inside
 * [low, high], in the order given.
 *
 * Labels that would overlap form a block, which sits at the mean of what its members want; blocks that meet
 * merge (pool adjacent violators on the positions less their minimum offsets).
 *
 * @param wanted increasing positions [n]
 * @returns positions [n]; where the labels do not fit into [low, high] they run over the high end.
 * @example
 * placeLabels([10, 11, 50], 12, 0, 100) // => [4.5, 16.5, 50]
 */
export function placeLabels(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  interface Block {
    sum: number;
    size: number;
  }
  const blocks: Block[] = [];
  wanted.forEach((position, i) => {
    let block: Block = { sum: position - i * gap, size: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.sum / last.size > block.sum / block.size;
      last = blocks.at(-1)
    ) {
      block = { sum: block.sum + last.sum, size: block.size + last.size };
      blocks.pop();
    }
    blocks.push(block);
  });
  const limit = high - (wanted.length - 1) * gap;
  const offsets = blocks.flatMap(({ sum, size }) =>
    new Array<number>(size).fill(Math.max(low, Math.min(limit, sum / size))),
  );
  return offsets.map((offset, i) => offset + i * gap);
}

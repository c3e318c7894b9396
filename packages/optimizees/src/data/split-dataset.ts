import { checkArgument, UserError, type Key } from '@metadescent/core';
import { selectRows, type LabelledDataset } from './labelled-dataset.js';

/**
 * Splits a data set at random into disjoint parts that together hold every example: for meta-training,
 * meta-validation and meta-test optimizees that must not see each other's data. The parts are views; nothing
 * is copied but row numbers.
 *
 * @param parts the share of each part, by name or in a list: { train: 3, test: 1 } gives three quarters and
 *   one quarter. Shares that add up to `count`
 *   are the sizes; others are rounded so that the sizes add up.
 * @param key decides which example goes where
 * @returns the parts, by the same names or in the same order
 * @throws UserError if a share is not positive and finite, or if a part would be empty.
 * @example
 * splitDataset(dataset, { train: 0.6, validation: 0.2, test: 0.2 }, key).test.count // => 20 of 100
 * splitDataset(dataset, [80, 20], key)[1].count // => 20 of 100
 */
export function splitDataset<const Parts extends readonly number[] | Readonly<Record<string, number>>>(
  dataset: LabelledDataset,
  parts: Parts,
  key: Key,
): { -readonly [Name in keyof Parts]: LabelledDataset } {
  checkArgument(
    'splitDataset',
    'the data set',
    dataset,
    ['inputs', 'labels', 'classes'],
    'pass a data set, such as labelledDataset gives',
  );
  checkArgument(
    'splitDataset',
    'the parts',
    parts,
    [],
    'pass shares, such as { train: 0.9, validation: 0.1 }',
  );
  checkArgument('splitDataset', 'the key', key, ['fold'], 'pass createKey(1)');
  const shares = Object.entries<number>(parts as Readonly<Record<string, number>>);
  for (const [name, share] of shares) {
    if (!(share > 0 && share < Infinity)) {
      throw new UserError(
        `splitDataset: the share of part "${name}" must be positive and finite, but is ${share}`,
      );
    }
  }
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  const order = key.permutation(dataset.count);
  let [cumulative, begin] = [0, 0];
  const views = shares.map(([name, share]): [string, LabelledDataset] => {
    cumulative += share;
    const end = Math.round((cumulative / total) * dataset.count);
    if (end === begin) {
      throw new UserError(
        `splitDataset: part "${name}" of "${dataset.name}" would be empty: its share is ${share} of ${total} and there are ${dataset.count} examples; give it a larger share`,
      );
    }
    const view = selectRows(dataset, order.subarray(begin, end), `${dataset.name}/${name}`);
    begin = end;
    return [name, view];
  });
  const result = Array.isArray(parts) ? views.map(([, view]) => view) : Object.fromEntries(views);
  return result as { -readonly [Name in keyof Parts]: LabelledDataset };
}

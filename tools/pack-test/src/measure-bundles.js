import { readFileSync, writeFileSync } from 'node:fs';

import { bundleBudgets, nodeOnly } from './bundle-budgets.js';
import { budgetProblems, bundleSize, sizeTable, tableProblems } from './bundle-sizes.js';

/**
 * Holds bundles against their budgets, and the table of the documentation against the bundles; prints the table.
 *
 * @param {readonly string[]} entries what is installed, as module specifiers
 * @param {string} folder where it is installed
 * @param {{ document?: string | undefined, write: boolean }} options document: file with the table; write: renew it
 * @returns {Promise<string[]>} problems, as sentences
 */
export async function measureBundles(entries, folder, { document, write }) {
  const problems = entries
    .filter((entry) => !nodeOnly.test(entry) && !bundleBudgets.some((bundle) => bundle.entry === entry))
    .map((entry) => `${entry} has no budget in bundle-budgets.js.`);
  const measured = [];
  for (const bundle of bundleBudgets.filter(({ entry }) => entries.includes(entry))) {
    const size = await bundleSize(bundle, folder);
    measured.push({ bundle, size });
    problems.push(...budgetProblems(bundle, size));
  }
  const table = sizeTable(measured);
  console.log(table);
  if (document === undefined) return problems;
  const text = readFileSync(document, 'utf8');
  if (write) writeFileSync(document, text.replace(/^\| import [\s\S]*?\n(?!\|)/m, table));
  else
    problems.push(
      ...tableProblems(text, measured).map(
        (problem) => `docs/bundle-sizes.md: ${problem} Run npm run test:packages -- --write-sizes.`,
      ),
    );
  return problems;
}

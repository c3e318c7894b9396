// Embeds pretrained/*.safetensors of every package that has them as base64 in its sources, so that shipped
// weights load without a path anywhere.
// Each file becomes a module of its own, src/pretrained/<name>.gen.ts, and an entry of package.json: who
// imports one pays for one.
//   npm run weights            writes the modules, their index, and the entries
//   npm run weights -- --check fails if one is not up to date
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { entriesWithWeights, indexModule, weightsModule } from './weights-modules.js';

const packages = new URL('../../../packages/', import.meta.url);
const check = process.argv.includes('--check');

for (const folder of readdirSync(packages)) {
  const shipped = new URL(`${folder}/pretrained/`, packages);
  if (!existsSync(shipped)) continue;
  const names = readdirSync(shipped)
    .filter((file) => file.endsWith('.safetensors'))
    .sort()
    .map((file) => file.slice(0, -'.safetensors'.length));

  const manifest = JSON.parse(readFileSync(new URL(`${folder}/package.json`, packages), 'utf8'));
  const exports = entriesWithWeights(manifest.exports, names);
  const modules = new URL(`${folder}/src/pretrained/`, packages);
  const wanted = new Map([
    [
      new URL(`${folder}/package.json`, packages).href,
      `${JSON.stringify({ ...manifest, exports }, undefined, 2)}\n`,
    ],
    [new URL('index.gen.ts', modules).href, indexModule(names)],
    ...names.map((name) => [
      new URL(`${name}.gen.ts`, modules).href,
      weightsModule(name, readFileSync(new URL(`${name}.safetensors`, shipped)).toString('base64')),
    ]),
  ]);
  for (const file of readdirSync(modules)) {
    if (file.endsWith('.gen.ts') && !wanted.has(new URL(file, modules).href)) stale(new URL(file, modules));
  }
  for (const [href, text] of wanted) {
    const file = new URL(href);
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) stale(file, text);
  }
}

/**
 * @param {URL} file
 * @param {string} [text] what it should hold; without, it should not be there
 */
function stale(file, text) {
  if (check) {
    console.error(
      `${file.pathname.slice(packages.pathname.length)} is not what pretrained/ gives; run npm run weights`,
    );
    process.exitCode = 1;
  } else if (text === undefined) rmSync(file);
  else writeFileSync(file, text);
}

/**
 * Adds `export * from './<module>.js';` to an index file; an index without exports (`export {};`) gets its first.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {string} indexFile
 * @param {string} module
 */
export function addExport(tree, indexFile, module) {
  const before = tree.read(indexFile, 'utf8');
  if (before === null) throw new Error(`${indexFile} is missing: run the generator from the workspace root.`);
  const kept = before.replace(/^export \{\};\n?/m, '');
  tree.write(
    indexFile,
    `${kept}${kept === '' || kept.endsWith('\n') ? '' : '\n'}export * from './${module}.js';\n`,
  );
}

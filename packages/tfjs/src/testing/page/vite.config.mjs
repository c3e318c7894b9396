/** Siblings are read from their sources, as everywhere in the workspace; the page awaits at its top level. */
export default {
  base: './',
  resolve: { conditions: ['@metadescent/source', 'module', 'browser', 'import', 'default'] },
  build: { target: 'es2022', modulePreload: false },
};

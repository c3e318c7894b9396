// Runs before packing: compiles the native libraries of this platform with `cc` (or $CC) into
// prebuilds/<platform>-<arch>/, for users without a compiler. Needs the built
// package (dist/). Without a compiler the package is packed without them, and compiles on first use or runs
// on WebAssembly.
import { relative } from 'node:path';
import { buildPrebuilds } from '../dist/node/native-library.js';
import { packageFolder } from './sources.mjs';

const files = buildPrebuilds();
for (const file of files) console.error(`build-prebuilds: ${relative(packageFolder, file)}`);
if (files.length === 0)
  console.error('build-prebuilds: no C compiler, hence no native libraries in the package');

#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write(
    'error: metadescent is not built yet; run `npm run build` at the top of the workspace first\n',
  );
  process.exitCode = 2;
}

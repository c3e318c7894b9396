import { runCommand } from '@metadescent/runtime';
import { runCommandLine } from './command-line.js';

await runCommand(() => runCommandLine(process.argv.slice(2)));

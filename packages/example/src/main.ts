import { runCommand } from '@metadescent/runtime';
import { createCommandLine } from './command-line.js';

await runCommand(async () => {
  await createCommandLine().parseAsync();
});

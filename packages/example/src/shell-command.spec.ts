import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { shellCommand } from './shell-command.js';

test('words without special characters stay as they are', () => {
  expect(shellCommand(['npx', 'metadescent', 'evaluate', '--weights', 'psd=runs/a-1/w.safetensors'])).toBe(
    'npx metadescent evaluate --weights psd=runs/a-1/w.safetensors',
  );
  expect(shellCommand(['--weights', 'out/my weights/w.safetensors'])).toBe(
    "--weights 'out/my weights/w.safetensors'",
  );
});

test('a shell gives back the words', () => {
  const words = ['a b', '', "it's", '$HOME', '`date`', 'a"b', '*', '\\', 'ä;b', '~', '#x', '!'];
  const printed = execFileSync('sh', ['-c', `printf '%s\\n' ${shellCommand(words)}`], { encoding: 'utf8' });
  expect(printed).toBe(words.map((word) => `${word}\n`).join(''));
});

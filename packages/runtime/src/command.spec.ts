import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { startFixture } from './testing/child.js';

const run = (command: string) => startFixture({ name: 'commands.mjs' }, command);

test.each([
  ['succeed', 0, 'done\n', ''],
  ['number', 3, '', ''],
  ['user', 2, '', 'error: unknown experiment "x"; see metadescent list\n'],
])('%s exits with %i', async (command, code, stdout, stderr) => {
  expect(await run(command).ended).toEqual({ code, signal: null, stdout, stderr });
});

test('a defect exits with 1, its stack and its cause', async () => {
  const { code, stderr } = await run('defect').ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/TypeError: a defect\n {4}at .*commands\.mjs/);
  expect(stderr).toMatch(/\[cause\]: Error: its root/);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the first %s asks to stop, and the command exits with %i', async (signal, code) => {
  const child = run('polite');
  await child.said('waiting');
  child.process.kill(signal);
  const ended = await child.ended;
  expect(ended).toMatchObject({ code, signal: null });
  expect(ended.stderr).toBe(
    `\nStopping at the next checkpoint; press Ctrl-C again to stop at once.\nstopped by ${signal}\n`,
  );
});

test('a stopped command says how to go on', async () => {
  const child = run('resumable');
  await child.said('waiting');
  child.process.kill('SIGINT');
  const { code, stderr } = await child.ended;
  expect(code).toBe(130);
  expect(stderr).toMatch(/\nstopped by SIGINT; go on with\n {2}npx toy train --out runs\/a --resume\n$/);
});

test('the second Ctrl-C exits at once', async () => {
  const child = run('stubborn');
  await child.said('waiting');
  child.process.kill('SIGINT');
  await child.said('press Ctrl-C again');
  child.process.kill('SIGINT');
  expect(await child.ended).toMatchObject({ code: 130, signal: null });
});

test('when nobody reads on, the command ends quietly', async () => {
  const child = run('chatty');
  await child.said('many words');
  child.process.stdout!.destroy();
  expect(await child.ended).toMatchObject({ code: 141, signal: null, stderr: '' });
});

test('when nobody watches the progress, the work goes on', async () => {
  const child = run('talkative');
  await child.said('begun');
  child.process.stderr!.destroy();
  expect(await child.ended).toMatchObject({ code: 0, signal: null, stdout: 'begun\ndone\n' });
});

(existsSync('/dev/full') ? test : test.skip)(
  'a full disk behind standard output is one line, and exit code 2',
  () => {
    const commands = fileURLToPath(new URL('../fixtures/commands.mjs', import.meta.url));
    const { status, stderr } = spawnSync(
      '/bin/sh',
      ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, commands, 'succeed'],
      {
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
      },
    );
    expect([status, stderr]).toEqual([2, 'error: cannot write standard output (ENOSPC)\n']);
  },
);

import { afterAll, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/metadescent.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'metadescent-control-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { NODE_OPTIONS: _, ...env } = process.env;
const options = { cwd: folder, env } as const;

/** The built command as a user runs it. */
const words = (out: string, ...more: string[]) => [
  bin,
  'train',
  'control/linear-regulator',
  '--engine',
  'wasm',
  '--seed',
  '2',
  '--out',
  out,
  ...more,
];
const lines = (out: string) => {
  const path = join(folder, out, 'metrics.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
};

test('kill -9 and Ctrl-C in the middle, resumed: the same metrics and trials as of a run that was left alone', async () => {
  const whole = spawnSync(process.execPath, words('whole'), { ...options, encoding: 'utf8' });
  expect(whole.status).toBe(0);
  expect(whole.stdout).toMatch(/linear policy: cost .* times that of the Riccati optimum/);
  expect(readFileSync(join(folder, 'whole', 'report.html'), 'utf8')).toContain('<svg');

  let iterations = 4;
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const child = spawn(process.execPath, words('cut', ...(signal === 'SIGINT' ? ['--resume'] : [])), {
      ...options,
      stdio: 'ignore',
    });
    const closed = once(child, 'close') as Promise<[number | null, string | null]>;
    while (lines('cut') < iterations && child.exitCode === null) await after(5);
    child.kill(signal);
    const [code, killed] = await closed;
    expect(signal === 'SIGKILL' ? killed : code).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 130);
    expect(lines('cut')).toBeLessThan(16);
    iterations = lines('cut') + 2;
  }
  expect(spawnSync(process.execPath, words('cut', '--resume', '--workers', '2'), options).status).toBe(0);
  for (const file of ['metrics.jsonl', 'trials.json'])
    expect(readFileSync(join(folder, 'cut', file), 'utf8')).toBe(
      readFileSync(join(folder, 'whole', file), 'utf8'),
    );

  const page = readFileSync(join(folder, 'cut', 'report.html'), 'utf8');
  const again = spawnSync(process.execPath, [bin, 'report', 'cut'], options);
  expect(again.status).toBe(0);
  expect(readFileSync(join(folder, 'cut', 'report.html'), 'utf8')).toBe(page);
}, 180_000);

test('options that mean nothing for control problems are refused', () => {
  for (const more of [
    ['--search', '3'],
    ['--data', 'there'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, words('refused', ...more), {
      ...options,
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain(`leave ${more[0]} out`);
  }
  const raced = spawnSync(process.execPath, [bin, 'evaluate', 'control/pendulum'], {
    ...options,
    encoding: 'utf8',
  });
  expect(raced.status).toBe(2);
  expect(raced.stderr).toContain('metadescent train control/pendulum');
});

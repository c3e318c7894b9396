import { afterAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../bin/metadescent.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'metadescent-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The built command as a user runs it. */
function metadescent(...words: string[]) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return spawnSync(process.execPath, [bin, ...words], { encoding: 'utf8', cwd: folder, env });
}

test('--help of every command exits with 0 and names its options', () => {
  for (const [command, option] of [
    ['demo', '--seed'],
    ['train', '--resume'],
    ['evaluate', '--json'],
    ['run', '--settings'],
    ['report', '--help'],
    ['bench', '--repetitions'],
  ] as const) {
    const { status, stdout } = metadescent(command, '--help');
    expect({ command, status }).toEqual({ command, status: 0 });
    expect(stdout).toContain(option);
  }
});

test('without a command it shows what there is; -v and -V say the version', () => {
  const help = metadescent();
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(help.stdout).toContain('evaluate');
  for (const flag of ['-v', '-V', '--version'])
    expect(metadescent(flag)).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
});

test('list --json: what has a name, how long its presets take, and whether weights ship', () => {
  const { status, stdout } = metadescent('list', 'mnist', '--json');
  expect(status).toBe(0);
  const entries = JSON.parse(stdout) as {
    name: string;
    commands: string[][];
    shippedWeights?: unknown;
    presetMinutes?: unknown;
  }[];
  expect(entries.map(({ name }) => name)).toContain('andrychowicz/mnist');
  expect(entries.every(({ name }) => name.includes('mnist'))).toBe(true);
  expect(entries[0]).toMatchObject({
    shippedWeights: { package: '@metadescent/lstm-optimizer', name: 'mnist' },
    presetMinutes: { quick: 0.5, paper: 55 },
    commands: [
      ['train', 'andrychowicz/mnist'],
      ['evaluate', 'andrychowicz/mnist'],
    ],
  });
});

test('user errors are one paragraph on standard error, once, with exit code 2', () => {
  const { status, stdout, stderr } = metadescent('train', 'andrychowicz/none');
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.match(/there is no experiment/g)).toHaveLength(1);
  expect(stderr).not.toContain('    at ');
  expect(metadescent('train', '--no-such-option').status).toBe(2);
});

test('evaluate --json: one object on standard output, the same for any number of workers; the report beside it can be drawn again', () => {
  const run = (workers: string, ...more: string[]) =>
    metadescent(
      'evaluate',
      'andrychowicz/quadratics',
      '--seeds',
      '2',
      '--json',
      '--engine',
      'wasm',
      '--workers',
      workers,
      ...more,
    );
  const one = run('0', '--out', 'results');
  expect(one.status).toBe(0);
  const result = JSON.parse(one.stdout);
  expect(result).toMatchObject({
    schema: 2,
    version: '0.1.0',
    seed: 1,
    heldOutOptimizees: 2,
    weights: [{ optimizer: 'lstm', shipped: 'l2l-quadratics' }],
  });
  expect(result.optimizers.map((o: { optimizer: string }) => o.optimizer)).toContain('lstm');
  for (const entry of result.optimizers) {
    expect(entry.mean).toHaveLength(101);
    expect(entry.standardError).toHaveLength(101);
    expect(Object.keys(entry.hyperparameters).length).toBeGreaterThan(0);
  }
  expect(run('2').stdout).toBe(one.stdout);
  const page = readFileSync(join(folder, 'results', 'report.html'), 'utf8');
  const again = metadescent('report', 'results');
  expect(again.status).toBe(0);
  expect(readFileSync(join(folder, 'results', 'report.html'), 'utf8')).toBe(page);
}, 120_000);

test('a resumed training says where a folder is missing or taken', () => {
  const missing = metadescent('train', 'andrychowicz/quadratics', '--out', 'none', '--resume');
  expect(missing.status).toBe(2);
  expect(missing.stderr).toMatch(/none/);
  expect(existsSync(join(folder, 'none', 'weights.safetensors'))).toBe(false);
});

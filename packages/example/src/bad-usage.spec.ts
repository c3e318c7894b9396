import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { initialWeights, lstmRuleSchema, writeTrainedRule } from '@metadescent/lstm-optimizer';
import { createKey } from '@metadescent/core';
import * as runtime from '@metadescent/runtime';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noFlag, usages } from './testing/usages.js';

// Whatever computes begins with one of these: a command that gets here has accepted what it was given.
const began = new Error('the work began');
const begin = jest.fn(() => {
  throw began;
});
jest.unstable_mockModule('@metadescent/runtime', () => ({ ...runtime, createExecutor: begin }));
jest.unstable_mockModule('@metadescent/tfjs/backend', () => ({ loadBackend: begin }));
jest.unstable_mockModule('./bench/kernel-bench.js', () => ({ runKernelBench: begin }));
jest.unstable_mockModule('./psd-bench/psd-bench.js', () => ({ runPsdBench: begin }));
const { createCommandLine, runCommandLine } = await import('./command-line.js');

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'metadescent-usage-')));
const home = process.cwd();
const stdout = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);

beforeAll(() => {
  process.chdir(folder);
  writeFileSync('a-file', 'text, and more than eight bytes of it');
  writeFileSync('empty-file', '');
  mkdirSync('empty');
  mkdirSync('full');
  writeFileSync('full/something', 'of somebody');
  mkdirSync('wrong-data');
  for (const name of [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ]) {
    writeFileSync(join('wrong-data', name), '<html>not found</html>');
  }
  const rule = lstmRuleSchema.parse({ hidden: 2, layers: 1 });
  const bytes = writeTrainedRule(rule, initialWeights(rule, createKey(1)), {});
  writeFileSync('lstm.safetensors', bytes);
  writeFileSync('cut.safetensors', bytes.slice(0, -4));
  // The last weight is not a number: no writer of ours makes such a file.
  writeFileSync('nan.safetensors', Uint8Array.from([...bytes.slice(0, -4), 0, 0, 0xc0, 0x7f]));
  for (const [name, config] of [
    [
      'other-run',
      JSON.stringify({
        experiment: 'andrychowicz/quadratics',
        preset: 'quick',
        seed: 7,
        recipe: new Array(500).fill(0),
      }),
    ],
    ['damaged-run', '{'],
    ['no-run', '[]'],
  ] as const) {
    mkdirSync(name);
    writeFileSync(join(name, 'config.json'), config);
  }
});
afterEach(() => {
  begin.mockClear();
  stdout.mockClear();
  stderr.mockClear();
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
  stdout.mockRestore();
  stderr.mockRestore();
});

/** Every file below the folder, with its contents. */
function contents(): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .sort()
    .map((name) =>
      statSync(join(folder, name)).isDirectory()
        ? name
        : `${name}: ${readFileSync(join(folder, name)).toString('latin1')}`,
    );
}

/** Runs a command that must be refused; returns what it says. */
async function refusal(words: readonly string[]): Promise<string> {
  const before = contents();
  const error = (await runCommandLine(words).then(
    () => undefined,
    (reason: unknown) => reason,
  )) as Error | undefined;
  // UserError is what ends with exit code 2 and the message alone (`runCommand`).
  expect({ words, error }).toMatchObject({ error: { name: 'UserError' } });
  expect(begin).not.toHaveBeenCalled();
  expect(stdout).not.toHaveBeenCalled();
  expect(contents()).toEqual(before);
  const { message } = error!;
  expect(message.length).toBeLessThan(900);
  expect(message).toMatch(/\S+ \S+ \S+/);
  expect(message).not.toMatch(/\n\s*\n|\n {4}at |Cannot read|is not a function|undefined|\[object|NaN of/);
  expect(message).not.toMatch(/[^\P{Cc}\n]/u);
  expect(message).not.toMatch(/(^|: )[a-z]+[A-Z][A-Za-z]*: /);
  return message;
}

test('every command and every option is walked', () => {
  const { commands } = createCommandLine();
  expect(commands.map((command) => command.name()).sort()).toEqual(Object.keys(usages).sort());
  for (const command of commands) {
    for (const { bad } of usages[command.name()]!) {
      expect([command.name(), ...Object.keys(bad).sort()]).toEqual([
        command.name(),
        ...command.options.map(({ long }) => long!).sort(),
      ]);
    }
  }
});

describe.each(
  Object.entries(usages).flatMap(([command, list]) => list.map((usage) => ({ ...usage, command }))),
)('$command $good', ({ command, good, names: refused, bad }) => {
  if (!['list', 'report'].includes(command)) {
    test('what is right begins the work', async () => {
      const out = createCommandLine()
        .commands.find((each) => each.name() === command)!
        .options.some(({ long }) => long === '--out')
        ? ['--out', `good-${command}-${good.join('-').replaceAll('/', '-')}`]
        : [];
      await expect(
        runCommandLine([
          command,
          ...good,
          ...out,
          ...('--workers' in bad ? ['--workers', '0', '--engine', 'wasm'] : []),
        ]),
      ).rejects.toBe(began);
    });
  }

  if (refused.length > 0) {
    test.each(refused)('%j', async (...words) => {
      await refusal([command, ...words]);
    });
  }

  const values = Object.entries(bad).flatMap(([option, list]) => list.map((value) => ({ option, value })));
  test.each([
    ...values,
    { option: '--no-such-option', value: undefined },
    { option: '--constructor', value: undefined },
  ])('$option $value', async ({ option, value }) => {
    const given =
      value === undefined
        ? [option]
        : value.startsWith('=') && bad[option] === noFlag
          ? [`${option}${value}`]
          : [option, value];
    await refusal([command, ...good, ...given]);
  });
});

test('a resumed run is refused where there is none, where it is damaged, and where it is of another experiment, with the command that goes on', async () => {
  const resume = (name: string, out: string) => refusal(['train', name, '--out', out, '--resume']);
  expect(await resume('andrychowicz/mnist', 'nowhere')).toMatch(/no run to resume in nowhere/);
  expect(await resume('andrychowicz/mnist', 'other-run')).toMatch(
    /is of andrychowicz\/quadratics --preset quick --seed 7, not of andrychowicz\/mnist .*`npx metadescent train andrychowicz\/quadratics --preset quick --seed 7 --out other-run --resume`/,
  );
});

test('no command, or one that nobody knows', async () => {
  expect(await refusal(['trian'])).toBe(
    "unknown command 'trian'; did you mean train? See `npx metadescent --help`",
  );
  expect(await refusal(['help', 'nothing'])).toBe(
    'there is no command of this name; see `npx metadescent --help`',
  );
  await refusal(['__proto__']);
  await refusal(['constructor']);
  await refusal(['--no-such-option']);
  await refusal(['']);
  expect(await runCommandLine([])).toBe(0);
});

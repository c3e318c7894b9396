import { createKey, UserError } from '@metadescent/core';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createExecutor, type ExecutorOptions } from './executor.js';
import { sharedCopy } from './shared-copy.js';

// Worker threads run the compiled package: build before testing (`tsc --build`; `npm install` does it).
const tasks = new URL('../fixtures/tasks.mjs', import.meta.url);

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const executor of opened.splice(0)) await executor.close();
});

function open(workers: number, options: Partial<ExecutorOptions> = {}) {
  const warnings: string[] = [];
  const setup = { scale: [2] };
  const executor = createExecutor({
    workers,
    module: tasks,
    setup,
    warn: (message) => warnings.push(message),
    ...options,
  });
  opened.push(executor);
  return { executor, warnings };
}

const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('expected a rejection');
    },
    (error: Error) => error,
  );

describe.each([0, 1, 3])('with %i workers', (workers) => {
  test('outputs come in the order of the inputs, results as they arrive', async () => {
    const { executor } = open(workers);
    const inputs = [30, 1, 20, 0, 10].map((ms, value) => ({ value, ms }));
    const seen: [number, unknown][] = [];
    expect(
      await executor.map('delayed', inputs, { onResult: (output, index) => seen.push([index, output]) }),
    ).toEqual([0, 1, 2, 3, 4]);
    expect(seen.sort((a, b) => a[0] - b[0])).toEqual([0, 1, 2, 3, 4].map((i) => [i, i]));
    expect(await executor.map('square', [])).toEqual([]);
    expect(new Set(await executor.map('inWorker', [0, 0]))).toEqual(new Set([workers > 0]));
  });

  test('typed arrays go there and back with their bits', async () => {
    const { executor } = open(workers);
    const values = Float32Array.from(createKey(1).normal(15_000));
    values.set([NaN, -0, Infinity]);
    const [back] = (await executor.map('echo', [values])) as [Float32Array];
    expect(Buffer.from(back.buffer).equals(Buffer.from(values.buffer))).toBe(true);
  });

  test('tasks share no memory with the caller or with each other', async () => {
    const { executor } = open(workers);
    const input = Float32Array.of(1, 2);
    await executor.map('overwriteInput', [input]);
    expect(input).toBeAllClose([1, 2]);
    const outputs = (await executor.map('reusedBuffer', [1, 2, 3])) as Float32Array[];
    expect(outputs.map((output) => output[0])).toEqual([1, 2, 3]);
  });

  test('setup runs once per worker and gives its result to every task', async () => {
    const calls = new Int32Array(new SharedArrayBuffer(4));
    const { executor } = open(workers, { setup: { scale: sharedCopy(Float32Array.of(3)), calls } });
    expect(await executor.map('scaled', [1, 2, 3, 4, 5, 6])).toEqual([3, 6, 9, 12, 15, 18]);
    await executor.map('scaled', [1]);
    expect(calls[0]).toBeGreaterThanOrEqual(1);
    expect(calls[0]).toBeLessThanOrEqual(Math.max(1, workers));
  });

  test('of several exceptions that of the lowest index is thrown, and nothing starts after it', async () => {
    const { executor } = open(workers);
    const rest = Array.from({ length: 30 }, (_, i) => ({ at: 3 + i, ms: 10 }));
    const inputs = [{ at: 0 }, { at: 1, kind: 'user', ms: 40 }, { at: 2, kind: 'range' }, ...rest];
    let finished = 0;
    const error = await rejection(executor.map('failing', inputs, { onResult: () => finished++ }));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toBe('mend input 1');
    expect(error.stack).toMatch(/tasks\.mjs/);
    expect(finished).toBeLessThan(30);
    expect(await executor.map('square', [4])).toEqual([16]);
  });

  test('exceptions keep their class, message and cause', async () => {
    const { executor } = open(workers);
    const error = await rejection(executor.map('failing', [{ at: 3, kind: 'range' }]));
    expect(error).toMatchObject({
      name: 'RangeError',
      message: 'input 3 is out of range',
      cause: { name: 'UserError', message: 'the root' },
    });
    expect((error as Error).cause).toBeInstanceOf(UserError);
  });

  test('what cannot be cloned, and tasks that do not exist, are refused by name', async () => {
    const { executor } = open(workers);
    expect(await rejection(executor.map('echo', [1, () => 2]))).toMatchObject({
      message: expect.stringMatching(/^executor.map: input 1 of task "echo" cannot be cloned/),
    });
    expect(await rejection(executor.map('unclonable', [0]))).toMatchObject({
      message: expect.stringMatching(
        /^executor.map: the output of task "unclonable" for input 0 cannot be cloned/,
      ),
    });
    for (const name of ['nothing', 'setup', 'toString']) {
      expect((await rejection(executor.map(name, [0]))).message).toMatch(
        `tasks.mjs exports no task "${name}"; its tasks are: `,
      );
    }
    const { executor: other } = open(workers, {
      module: new URL('../fixtures/no-setup.mjs', import.meta.url),
    });
    expect((await rejection(other.map('echo', [0]))).message).toMatch(/exports no function "setup"/);
  });

  test('an aborted signal stops the map, and the executor goes on', async () => {
    const { executor } = open(workers);
    const controller = new AbortController();
    const reason = new Error('enough');
    const inputs = Array.from({ length: 50 }, (_, value) => ({ value, ms: 20 }));
    const error = await rejection(
      executor.map('delayed', inputs, {
        signal: controller.signal,
        onResult: () => controller.abort(reason),
      }),
    );
    expect(error).toBe(reason);
    expect(await rejection(executor.map('square', [1], { signal: controller.signal }))).toBe(reason);
    expect(await executor.map('square', [3])).toEqual([9]);
  });

  test('a closed executor says so', async () => {
    const { executor } = open(workers);
    const inputs = [0, 60_000, 60_000, 60_000].map((ms) => ({ value: 1, ms }));
    const running = rejection(executor.map('delayed', inputs, { onResult: () => void executor.close() }));
    expect((await running).message).toMatch(/executor is closed/);
    expect((await rejection(executor.map('square', [1]))).message).toMatch(/executor is closed/);
  });
});

test('the results are the same for any number of workers', async () => {
  const executors = [0, 1, 3].map((workers) => open(workers).executor);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ value: fc.double(), ms: fc.integer({ min: 0, max: 4 }) }), { maxLength: 9 }),
      async (inputs) => {
        const [inline, one, three] = await Promise.all(
          executors.map((executor) => executor.map('delayed', inputs)),
        );
        expect(one).toEqual(inline);
        expect(three).toEqual(inline);
      },
    ),
    { numRuns: 15 },
  );
});

test('two maps at once share the workers', async () => {
  const { executor } = open(2);
  const [a, b] = await Promise.all([executor.map('square', [1, 2, 3]), executor.map('square', [4, 5, 6])]);
  expect([a, b]).toEqual([
    [1, 4, 9],
    [16, 25, 36],
  ]);
});

describe('a worker that dies', () => {
  const dying = (count: number) => ({
    scale: [1],
    deaths: new Int32Array(new SharedArrayBuffer(4)).fill(count),
  });
  const resourceLimits = { maxOldGenerationSizeMb: 24 };
  const inputs = (how: string) => [10, 20, 30, 40].map((value) => ({ value, how }));

  test.each(['exit', 'timer', 'memory'])('by %s is replaced, and its task is repeated', async (how) => {
    const { executor, warnings } = open(2, { setup: dying(2), resourceLimits });
    expect(await executor.map('mortal', inputs(how))).toEqual([10, 20, 30, 40]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(
      /a worker died while it computed input \d of task "mortal" \(.+\); repeating the task/,
    );
    expect(await executor.map('square', [1, 2, 3])).toEqual([1, 4, 9]);
  });

  test('again and again ends the map with a clear error, and the executor goes on', async () => {
    const { executor, warnings } = open(1, { setup: dying(3), repetitions: 2 });
    const error = await rejection(executor.map('mortal', inputs('exit')));
    expect(error.message).toMatch(
      /a worker died 3 times in a row while it computed input 0 of task "mortal" \(worker exited with code: 7\)/,
    );
    expect(warnings).toHaveLength(2);
    expect(await executor.map('mortal', inputs('exit'))).toEqual([10, 20, 30, 40]);
  });

  test('with no repetitions allowed is reported at once', async () => {
    const { executor, warnings } = open(2, { setup: dying(1), repetitions: 0 });
    expect((await rejection(executor.map('mortal', inputs('exit')))).message).toMatch(/died 1 times/);
    expect(warnings).toEqual([]);
  });

  test.each([1, 2])(
    'in its setup, or before it, never leaves the map waiting (%i workers)',
    async (workers) => {
      const { executor } = open(workers, { module: new URL('../fixtures/dying-setup.mjs', import.meta.url) });
      expect((await rejection(executor.map('echo', [1, 2, 3]))).message).toMatch(/died 3 times/);
      const { executor: cramped } = open(workers, { resourceLimits: { maxOldGenerationSizeMb: 1 } });
      expect((await rejection(cramped.map('square', [1, 2, 3]))).message).toMatch(/died 3 times/);
    },
  );
});

test('impossible options are refused', () => {
  expect(() => open(-1)).toThrow(/workers must be an integer from 0 to \d+ on this machine, but is -1/);
  expect(() => open(1, { repetitions: 0.5 })).toThrow(
    /repetitions must be an integer of at least 0, but is 0.5/,
  );
});

test('a module type checks the inputs and types the outputs', async () => {
  interface Module {
    square(x: number): number;
    delayed(input: { value: string; ms: number }): Promise<string>;
  }
  const executor = createExecutor<Module>({ workers: 0, module: tasks, setup: {} });
  const squares: number[] = await executor.map('square', [2]);
  const texts: string[] = await executor.map('delayed', [{ value: 'a', ms: 0 }]);
  // @ts-expect-error: a string is no number
  const wrong: number[] = await executor.map('square', ['3']);
  expect([squares, texts, wrong]).toEqual([[4], ['a'], [9]]);
});

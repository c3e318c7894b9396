import { afterAll, expect, test } from '@jest/globals';

import { createExecutor } from './executor.js';
import { taskMap } from './task-map.js';

const module = `data:text/javascript,${encodeURIComponent('export const square = (x) => x * x; export const cube = (x) => x ** 3;')}`;
const executor = createExecutor({ workers: 2, module });
afterAll(() => executor.close());

test('tasks run on the workers by their names, in the order of the inputs', async () => {
  const map = taskMap(executor);
  expect(await map('square', [1, 2, 3])).toEqual([1, 4, 9]);
  expect(await map('cube', [3, 2])).toEqual([27, 8]);
  await expect(map('root', [1])).rejects.toThrow(/root/);
});

test('what is no executor is refused', () => {
  expect(() => taskMap({} as never)).toThrow(/^taskMap: .*createExecutor/);
});

import { expect, test } from '@jest/globals';
import { schedule, type ScheduleSpecification } from './schedule.js';
import { UserError } from './user-error.js';

const at = (specification: ScheduleSpecification, steps: readonly number[]) =>
  steps.map(schedule(specification));

test('values at the ends, in the middle and beyond', () => {
  expect(at({ kind: 'constant' }, [0, 7])).toEqual([1, 1]);
  expect(at({ kind: 'linear', steps: 11 }, [0, 5, 10, 20])).toBeAllClose([1, 0.5, 0, 0], { atol: 1e-15 });
  expect(at({ kind: 'linear', steps: 11, to: 0.2 }, [0, 5, 10])).toBeAllClose([1, 0.6, 0.2]);
  expect(at({ kind: 'cosine', steps: 11, to: 0.1 }, [0, 5, 10, 99])).toBeAllClose([1, 0.55, 0.1, 0.1]);
  expect(at({ kind: 'geometric', steps: 3, to: 0.01 }, [0, 1, 2, 3])).toBeAllClose([1, 0.1, 0.01, 0.01]);
  expect(at({ kind: 'inverse-square-root', tau: 10 }, [0, 30])).toEqual([1, 0.5]);
});

test('a schedule of one step stands at its start', () => {
  expect(at({ kind: 'linear', steps: 1 }, [0])).toEqual([1]);
});

test('a warm-up rises linearly to the schedule', () => {
  expect(at({ kind: 'constant', warmUp: 3 }, [0, 1, 2, 3, 4])).toEqual([0.25, 0.5, 0.75, 1, 1]);
});

test.each<[unknown, string]>([
  [{ kind: 'linear', steps: 0 }, 'steps must be a whole number from 1, but is 0'],
  [{ kind: 'linear', steps: 5, to: -1 }, 'to must be a number from 0, but is -1'],
  [{ kind: 'geometric', steps: 5, to: 0 }, 'to must be positive'],
  [{ kind: 'inverse-square-root', tau: NaN }, 'tau must be a positive number, but is NaN'],
  [{ kind: 'constant', warmUp: -1 }, 'warmUp must be a whole number from 0'],
  [{ kind: 'step' }, 'there is no kind "step"'],
])('%o is refused', (specification, said) => {
  expect(() => schedule(specification as ScheduleSpecification)).toThrow(UserError);
  expect(() => schedule(specification as ScheduleSpecification)).toThrow(said);
});

import { checkArgument, UserError } from '@metadescent/core';

/**
 * Runs pure tasks of one name, here or on workers, and gives their results in the order of the tasks. Every
 * meta-trainer, tuner and race of this project asks for its work through one of these, so that results depend
 * neither on where nor on when a task ran.
 */
export type TaskMap = <Task, Result>(name: string, tasks: readonly Task[]) => Promise<readonly Result[]>;

/**
 * A task map that runs the tasks one after another in this thread: for tests, browsers and small problems.
 *
 * @param tasks the pure functions by name
 * @throws UserError, from the map, if there is no task of a name.
 * @example
 * await inlineTasks({ square: (x) => x * x })('square', [1, 2, 3]) // => [1, 4, 9]
 */
export function inlineTasks(tasks: Readonly<Record<string, (task: never) => unknown>>): TaskMap {
  checkArgument(
    'inlineTasks',
    'the tasks',
    tasks,
    [],
    'pass functions by name, such as { square: (x) => x * x }',
  );
  const known = new Map(Object.entries(tasks));
  return async <Task, Result>(name: string, list: readonly Task[]): Promise<Result[]> => {
    const run = known.get(name) as ((task: Task) => Result) | undefined;
    if (!run)
      throw new UserError(
        `inlineTasks: there is no task "${name}"; there are ${[...known.keys()].join(', ')}`,
      );
    const results: Result[] = [];
    for (const task of list) results.push(await run(task));
    return results;
  };
}

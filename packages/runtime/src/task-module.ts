/** One call of a task by its exported name. */
export type TaskRunner = (task: string, input: unknown) => Promise<unknown>;

type TaskFunction = (input: unknown, context: unknown) => unknown;

/**
 * Imports a module of tasks and calls its `setup(payload)`, where it exports one. What `setup` returns is
 * handed to every task as its second argument.
 *
 * @throws TypeError if a payload was given but the module exports no `setup`; whatever the module's import or
 *   its `setup` throws.
 */
export async function loadTasks(module: string, payload: unknown): Promise<TaskRunner> {
  const exported = (await import(module)) as Record<string, unknown>;
  const name = module.slice(module.lastIndexOf('/') + 1);
  const { setup } = exported;
  if (typeof setup !== 'function' && payload !== undefined) {
    throw new TypeError(
      `createExecutor: a setup payload was given, but ${name} exports no function "setup"; export one or leave the payload out`,
    );
  }
  const context: unknown =
    typeof setup === 'function' ? await (setup as (payload: unknown) => unknown)(payload) : undefined;

  return async (task, input) => {
    const run = task === 'setup' || !Object.hasOwn(exported, task) ? undefined : exported[task];
    if (typeof run !== 'function') {
      const known = Object.keys(exported).filter(
        (key) => key !== 'setup' && typeof exported[key] === 'function',
      );
      throw new TypeError(
        `executor.map: ${name} exports no task "${task}"; its tasks are: ${known.join(', ') || '(none)'}`,
      );
    }
    return (run as TaskFunction)(input, context);
  };
}

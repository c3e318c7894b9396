/** Where tasks run: one call of a task, with the clones made and the exceptions revived. */
export interface Backend {
  /** How many calls are worth having under way at once. */
  readonly concurrency: number;
  /** @throws the signal's reason as soon as it is aborted. */
  run(task: string, input: unknown, index: number, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

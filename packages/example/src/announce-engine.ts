import { isMainThread } from 'node:worker_threads';

const said = new Set<string>();

/**
 * Says once on standard error what the user may want to know of an engine: its note is no part of what a run
 * records, whose bytes depend on what computed, not on how that was found.
 *
 * @returns the engine.
 */
export function announceEngine<Engine extends { readonly detail: string; readonly note?: string }>(
  engine: Engine,
): Engine {
  const { detail, note } = engine;
  if (note !== undefined && isMainThread && !said.has(note)) {
    said.add(note);
    process.stderr.write(`engine: ${detail} (${note})\n`);
  }
  return engine;
}

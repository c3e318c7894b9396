import { createProgress } from '@metadescent/runtime';

/** A progress line over named stages: `next(note)` begins one. */
export function stageProgress(label: string, total: number) {
  const progress = createProgress({ label, total, unit: 'stage' });
  let begun = 0;
  return {
    next: (note: string) => progress.update(begun++, note),
    log: progress.log,
    finish: () => {
      progress.update(total);
      progress.finish();
    },
  };
}

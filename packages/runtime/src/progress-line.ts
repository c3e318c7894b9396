import { clipped, textWidth } from './terminal-text.js';

/** What a progress line tells. */
export interface ProgressState {
  readonly label: string;
  readonly done: number;
  /** Units done before this process started. */
  readonly initial: number;
  readonly total: number;
  /** The parts of the note; the last ones matter most. */
  readonly notes: readonly string[];
  readonly unit: string;
  /** Since this process started. */
  readonly seconds: number;
}

interface Parts {
  readonly label: string;
  readonly counts: string;
  readonly share: string;
  readonly rate: string;
  readonly time: string;
  readonly notes: readonly string[];
}

/** The whole line: `meta-training 25/100 · 25 % · 13 steps/s · 0:06 left · loss 0.5`. */
export function progressLine(state: ProgressState): string {
  return joined(partsOf(state));
}

/**
 * The line in at most `width` columns. What says least yields first, and nothing is cut as long as something
 * is left to leave out: the first words of the name, the counts, the rate, the name, the first parts of the
 * note, the time. The last part of the note is the number that matters, so it stays; in the narrowest
 * terminals it stands alone.
 */
export function progressLineWithin(state: ProgressState, width: number): string {
  let parts = partsOf(state);
  for (const yielded of yieldingOf(parts)) {
    if (textWidth(joined(parts)) <= width) break;
    parts = { ...parts, ...yielded };
  }
  return clipped(joined(parts), width);
}

function partsOf({ label, done, initial, total, notes, unit, seconds }: ProgressState): Parts {
  const perSecond = (done - initial) / seconds;
  const known = perSecond > 0 && Number.isFinite(perSecond);
  return {
    label,
    counts: `${done}/${total}`,
    share: `${total > 0 ? Math.floor((100 * done) / total) : 100} %`,
    rate: known ? formatRate(perSecond, unit) : '',
    time: known
      ? done < total
        ? `${formatDuration((total - done) / perSecond)} left`
        : formatDuration(seconds)
      : '',
    notes: notes.filter((note) => note !== ''),
  };
}

function joined({ label, counts, share, rate, time, notes }: Parts): string {
  return [[label, counts].filter(Boolean).join(' '), share, rate, time, notes.join(', ')]
    .filter(Boolean)
    .join(' · ');
}

/** One thing after the other that is left out. */
function yieldingOf({ label, notes }: Parts): Partial<Parts>[] {
  const lastWords = label.slice(label.lastIndexOf(' ') + 1);
  return [
    { label: lastWords },
    { label: lastWords.slice(lastWords.lastIndexOf('/') + 1) },
    { counts: '' },
    { rate: '' },
    { label: '' },
    ...notes.slice(1).map((_, i) => ({ notes: notes.slice(i + 1) })),
    { time: '' },
    ...(notes.length > 0 ? [{ share: '' }] : []),
  ];
}

/** @example formatRate(0.25, 'step') // => '4.0 s/step' */
function formatRate(perSecond: number, unit: string): string {
  if (perSecond < 1) return `${(1 / perSecond).toFixed(1)} s/${unit}`;
  return `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} ${unit}s/s`;
}

/**
 * Hours, minutes and seconds.
 *
 * @example
 * formatDuration(3725) // => '1:02:05'
 */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** What a progress line writes to: `process.stderr`, or anything like it. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressOptions {
  /** Default: standard error, so that standard output stays free for results. */
  readonly stream?: ProgressStream;
  /** What is going on, e.g. `meta-training`. */
  readonly label: string;
  /** How many units there are in all. */
  readonly total: number;
  /** How many were done before, in a resumed run. Default 0. */
  readonly initial?: number;
  /** What is counted, for the rate. Default `step`. */
  readonly unit?: string;
  /** Seconds between redraws of a live line. Default 0.1. */
  readonly redrawSeconds?: number;
  /** Seconds between plain lines, where the stream is not a terminal. Default 5. */
  readonly lineSeconds?: number;
  /** Milliseconds on a clock that never jumps. */
  readonly now?: () => number;
}

/** A line that says how far the work is, how fast it goes and when it will be done. */
export interface Progress {
  /** `done` units are done. Cheap: call it after every one. */
  update(done: number, note?: string): void;
  /** Prints a line of its own above the progress line. */
  log(line: string): void;
  /** Draws the last state and ends the line. Later calls do nothing. */
  finish(note?: string): void;
}

const ERASE_LINE = '\r\x1b[K';

/**
 * On a terminal one line that is redrawn in place and cut to the terminal's width, otherwise a plain line every few seconds. There is no timer: the line is drawn by
 * `update`, so it never keeps a process alive and never lags behind synchronous work.
 *
 * @example
 * const progress = createProgress({ label: 'meta-training', total: 2 });
 * for (let done = 1; done <= 2; done++) progress.update(done, 'loss 0.5');
 * progress.finish(); // prints: meta-training 2/2 · 100 % · 812 steps/s · 0:00 · loss 0.5
 */
export function createProgress(options: ProgressOptions): Progress {
  const {
    stream = process.stderr,
    label,
    total,
    initial = 0,
    unit = 'step',
    redrawSeconds = 0.1,
    lineSeconds = 5,
  } = options;
  const now = options.now ?? (() => performance.now());
  const live = stream.isTTY === true && process.env['TERM'] !== 'dumb';
  const interval = 1000 * (live ? redrawSeconds : lineSeconds);
  const started = now();
  let state = { done: initial, note: '' };
  let drawn = live ? -Infinity : started;
  let pending = false;
  let finished = false;

  const draw = () => {
    const line = describe(label, { ...state, initial, total, unit, seconds: (now() - started) / 1000 });
    // The last column stays free: some terminals wrap when it is filled.
    stream.write(live ? ERASE_LINE + clip(line, (stream.columns ?? 80) - 1) : `${line}\n`);
    drawn = now();
    pending = false;
  };

  return {
    update: (done, note = '') => {
      if (finished) return;
      state = { done, note };
      pending = true;
      if (now() - drawn >= interval) draw();
    },
    log: (line) => {
      stream.write(live && !finished ? `${ERASE_LINE}${line}\n` : `${line}\n`);
      if (live && !finished) draw();
    },
    finish: (note) => {
      if (finished) return;
      if (note !== undefined) {
        state = { ...state, note };
        pending = true;
      }
      if (pending || (live && drawn === -Infinity)) draw();
      if (live) stream.write('\n');
      finished = true;
    },
  };
}

interface ProgressState {
  readonly done: number;
  readonly initial: number;
  readonly total: number;
  readonly note: string;
  readonly unit: string;
  readonly seconds: number;
}

function describe(label: string, { done, initial, total, note, unit, seconds }: ProgressState): string {
  const rate = (done - initial) / seconds;
  const parts = [`${label} ${done}/${total}`, `${total > 0 ? Math.floor((100 * done) / total) : 100} %`];
  if (rate > 0 && Number.isFinite(rate)) {
    parts.push(
      formatRate(rate, unit),
      done < total ? `${formatDuration((total - done) / rate)} left` : formatDuration(seconds),
    );
  }
  if (note !== '') parts.push(note);
  return parts.join(' · ');
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

function clip(line: string, width: number): string {
  const characters = Array.from(line);
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

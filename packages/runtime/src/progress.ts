import { checkArgument, printable } from '@metadescent/core';

import { progressLine, progressLineWithin } from './progress-line.js';
import { columnsOf, type TextStream, writeLines } from './terminal-text.js';

/** What a progress line writes to: `process.stderr`, or anything like it. */
export type ProgressStream = TextStream;

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

/**
 * What a progress line says about the work itself: one text, or parts of which the last ones matter most and
 * stay where room is short.
 */
export type ProgressNote = string | readonly string[];

/** A line that says how far the work is, how fast it goes and when it will be done. */
export interface Progress {
  /** `done` units are done. Cheap: call it after every one. */
  update(done: number, note?: ProgressNote): void;
  /** Prints a line of its own above the progress line. */
  log(line: string): void;
  /** Draws the last state and ends the line. Later calls do nothing. */
  finish(note?: ProgressNote): void;
}

const ERASE_LINE = '\r\x1b[K';
/** Longer texts than any terminal shows are cut. */
const MOST_CHARACTERS = 1000;

/**
 * On a terminal one line that is redrawn in place and never wider than the terminal (80 columns where it does
 * not tell), otherwise a plain line every few seconds. Where room is short, the name and the counts yield
 * first and the last part of the note stays. There is no timer: the line is drawn by `update`, so it never
 * keeps a process alive and never lags behind synchronous work. It has no colours.
 *
 * @example
 * const progress = createProgress({ label: 'meta-training', total: 2 });
 * for (let done = 1; done <= 2; done++) progress.update(done, ['training 0.7', 'held out 0.5']);
 * progress.finish(); // prints: meta-training 2/2 · 100 % · 812 steps/s · 0:00 · training 0.7, held out 0.5
 */
export function createProgress(options: ProgressOptions): Progress {
  checkArgument(
    'createProgress',
    'the options',
    options,
    ['label', 'total'],
    "pass { label: 'training', total: 100 }",
  );
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
  let state = { done: initial, notes: notesOf('') };
  let drawn = live ? -Infinity : started;
  let pending = false;
  let finished = false;

  const draw = () => {
    const told = {
      ...state,
      label: printable(label, MOST_CHARACTERS),
      initial,
      total,
      unit,
      seconds: (now() - started) / 1000,
    };
    // The last column stays free: some terminals wrap when it is filled.
    if (live) stream.write(ERASE_LINE + progressLineWithin(told, columnsOf(stream) - 1));
    else stream.write(`${progressLine(told)}\n`);
    drawn = now();
    pending = false;
  };

  return {
    update: (done, note = '') => {
      if (finished) return;
      state = { done, notes: notesOf(note) };
      pending = true;
      if (now() - drawn >= interval) draw();
    },
    log: (line) => {
      if (live && !finished) stream.write(ERASE_LINE);
      writeLines(stream, line);
      if (live && !finished) draw();
    },
    finish: (note) => {
      if (finished) return;
      if (note !== undefined) {
        state = { ...state, notes: notesOf(note) };
        pending = true;
      }
      if (pending || (live && drawn === -Infinity)) draw();
      if (live) stream.write('\n');
      finished = true;
    },
  };
}

function notesOf(note: ProgressNote): readonly string[] {
  return (typeof note === 'string' ? [note] : note).map((part) => printable(part, MOST_CHARACTERS));
}

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createProgress, formatDuration, type ProgressOptions } from './progress.js';

/** A stream that keeps what it is told, and a clock that is set by hand. */
function stage(options: Partial<ProgressOptions> & { isTTY: boolean; columns?: number }) {
  const { isTTY, columns, ...rest } = options;
  const written: string[] = [];
  const clock = { ms: 0 };
  const stream = {
    isTTY,
    ...(columns !== undefined && { columns }),
    write: (text: string) => written.push(text),
  };
  const progress = createProgress({ stream, label: 'training', total: 100, now: () => clock.ms, ...rest });
  return { progress, written, clock };
}

/** What a terminal shows after these writes: carriage return, erase to the end of the line, line feed. */
function screen(written: string[]): string[] {
  const lines = [''];
  for (const part of written
    .join('')
    .replaceAll('\r\x1b[K', '\r')
    .split(/(\r|\n)/)) {
    if (part === '\n') lines.push('');
    else if (part === '\r') lines[lines.length - 1] = '';
    else lines[lines.length - 1] += part;
  }
  return lines;
}

describe('on a terminal', () => {
  test('one line is redrawn in place with rate and time left', () => {
    const { progress, written, clock } = stage({ isTTY: true });
    progress.update(0);
    expect(screen(written)).toEqual(['training 0/100 · 0 %']);
    clock.ms = 2000;
    progress.update(25, 'loss 0.5');
    expect(screen(written)).toEqual(['training 25/100 · 25 % · 13 steps/s · 0:06 left · loss 0.5']);
    clock.ms = 8000;
    progress.update(100);
    progress.finish('done');
    expect(screen(written)).toEqual(['training 100/100 · 100 % · 13 steps/s · 0:08 · done', '']);
    const { length } = written;
    progress.update(101);
    progress.finish();
    expect(written).toHaveLength(length);
  });

  test('it is drawn at most ten times a second, and the last state always', () => {
    const { progress, written, clock } = stage({ isTTY: true, total: 10_000 });
    for (let done = 1; done <= 5000; done++) {
      clock.ms = done / 5;
      progress.update(done);
    }
    expect(written).toHaveLength(10);
    progress.finish();
    expect(screen(written)[0]).toMatch(/^training 5000\/10000 /);
  });

  test('it never fills the width of the terminal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 120 }), fc.string({ unit: 'grapheme' }), (columns, note) => {
        fc.pre(!/[\r\n]/.test(note));
        const { progress, written, clock } = stage({ isTTY: true, columns });
        clock.ms = 1000;
        progress.update(7, note);
        expect(Array.from(screen(written)[0] as string).length).toBeLessThan(columns);
      }),
    );
  });

  test('lines of their own stay above it', () => {
    const { progress, written } = stage({ isTTY: true });
    progress.update(1);
    progress.log('epoch 1: validation 0.25');
    expect(screen(written)).toEqual(['epoch 1: validation 0.25', 'training 1/100 · 1 %']);
    progress.finish();
    progress.log('bye');
    expect(screen(written)).toEqual(['epoch 1: validation 0.25', 'training 1/100 · 1 %', 'bye', '']);
  });
});

describe('elsewhere', () => {
  test('a plain line comes every five seconds, and one at the end', () => {
    const { progress, written, clock } = stage({ isTTY: false, total: 12 });
    for (let done = 1; done <= 12; done++) {
      clock.ms = done * 1000;
      progress.update(done);
    }
    progress.log('saved');
    progress.finish();
    expect(written).toEqual([
      'training 5/12 · 41 % · 1.0 steps/s · 0:07 left\n',
      'training 10/12 · 83 % · 1.0 steps/s · 0:02 left\n',
      'saved\n',
      'training 12/12 · 100 % · 1.0 steps/s · 0:12\n',
    ]);
  });

  test('the rate of a resumed run counts only what this process did', () => {
    const { progress, written, clock } = stage({ isTTY: false, initial: 90, unit: 'epoch' });
    clock.ms = 20_000;
    progress.update(95);
    expect(written).toEqual(['training 95/100 · 95 % · 4.0 s/epoch · 0:20 left\n']);
  });
});

test('durations', () => {
  expect([0, 59.6, 61, 3725, 360_000].map(formatDuration)).toEqual([
    '0:00',
    '1:00',
    '1:01',
    '1:02:05',
    '100:00:00',
  ]);
});

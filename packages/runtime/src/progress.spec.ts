import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createProgress, type ProgressOptions } from './progress.js';
import { formatDuration } from './progress-line.js';
import { textWidth } from './terminal-text.js';

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
        expect(textWidth(screen(written)[0] as string)).toBeLessThan(columns);
      }),
    );
  });

  test('wide characters take two columns, and combining marks none', () => {
    const { progress, written, clock } = stage({
      isTTY: true,
      columns: 40,
      total: 2,
      label: '学習最適化器の学習学習最適化器の学習',
    });
    clock.ms = 6000;
    progress.update(1, '損失 0.5, η̂ 0.1');
    expect(screen(written)).toEqual(['50 % · 0:06 left · 損失 0.5, η̂ 0.1']);
    expect(textWidth(screen(written)[0]!)).toBe(34);
  });

  test.each([0, undefined])('a width of %s is not known, and 80', (columns) => {
    const { progress, written, clock } = stage({
      isTTY: true,
      ...(columns !== undefined && { columns }),
      label: 'x'.repeat(40),
    });
    clock.ms = 1000;
    progress.update(7);
    expect(screen(written)).toEqual([`${'x'.repeat(40)} 7/100 · 7 % · 7.0 steps/s · 0:13 left`]);
  });

  // Read top down: what yields next as the terminal gets narrower.
  test.each([
    [
      121,
      'meta-training andrychowicz/quadratics 16/20 · 80 % · 107 unrolls/s · 0:00 left · training 9.71, held out 1.39, best 1.38',
    ],
    [
      108,
      'andrychowicz/quadratics 16/20 · 80 % · 107 unrolls/s · 0:00 left · training 9.71, held out 1.39, best 1.38',
    ],
    [100, 'quadratics 16/20 · 80 % · 107 unrolls/s · 0:00 left · training 9.71, held out 1.39, best 1.38'],
    [90, 'quadratics · 80 % · 107 unrolls/s · 0:00 left · training 9.71, held out 1.39, best 1.38'],
    [80, 'quadratics · 80 % · 0:00 left · training 9.71, held out 1.39, best 1.38'],
    [70, '80 % · 0:00 left · training 9.71, held out 1.39, best 1.38'],
    [50, '80 % · 0:00 left · held out 1.39, best 1.38'],
    [40, '80 % · 0:00 left · best 1.38'],
    [25, '80 % · best 1.38'],
    [12, 'best 1.38'],
    [8, 'best 1…'],
    [2, '…'],
    [1, ''],
  ])('in %d columns the number that matters stays', (columns, line) => {
    const { progress, written, clock } = stage({
      isTTY: true,
      columns,
      label: 'meta-training andrychowicz/quadratics',
      total: 20,
      unit: 'unroll',
    });
    clock.ms = 149.5;
    progress.update(16, ['training 9.71', 'held out 1.39', 'best 1.38']);
    expect(screen(written)).toEqual([line]);
  });

  test('without a note the share of the work stays', () => {
    const { progress, written, clock } = stage({ isTTY: true, columns: 8 });
    clock.ms = 1000;
    progress.update(7);
    expect(screen(written)).toEqual(['7 %']);
  });

  test('a sentence above the line is broken between words, a command not at all', () => {
    const { progress, written } = stage({ isTTY: true, columns: 24 });
    progress.update(1);
    progress.log('best tuned baseline: 0.134; go on with\n  npx metadescent train x --resume');
    expect(screen(written).slice(0, 3)).toEqual([
      'best tuned baseline:',
      '0.134; go on with',
      '  npx metadescent train x --resume',
    ]);
  });

  test('names and notes cannot write into the terminal, and there are no colours', () => {
    const { progress, written } = stage({ isTTY: true, label: 'a\u001b[2Jb' });
    progress.update(1, 'loss\n\u001b[31m1');
    progress.finish();
    expect(screen(written)).toEqual(['a\\u{1b}[2Jb 1/100 · 1 % · loss\\u{a}\\u{1b}[31m1', '']);
    // eslint-disable-next-line no-control-regex
    expect(written.join('').replaceAll('\r\x1b[K', '')).not.toMatch(/\x1b/);
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

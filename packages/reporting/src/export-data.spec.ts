import { expect, test } from '@jest/globals';
import { toCsv } from './export-data.js';

test('one line per optimizer and step, at full precision', () => {
  const csv = toCsv({
    title: 'Race',
    series: [
      {
        optimizer: 'adam',
        kind: 'hand-made',
        mean: [0.1, 1 / 3],
        standardError: [0.01, NaN],
        count: [20, 19],
        steps: [0, 5],
      },
      { optimizer: 'lstm, "20 units"', kind: 'learned', mean: [Infinity], count: 3 },
    ],
  });
  expect(csv).toBe(
    'optimizer,kind,step,mean,standard_error,count\r\n' +
      'adam,hand-made,0,0.1,0.01,20\r\nadam,hand-made,5,0.3333333333333333,NaN,19\r\n' +
      '"lstm, ""20 units""",learned,0,Infinity,,3\r\n',
  );
});

test('nothing to write is an error', () => {
  expect(() => toCsv({ title: 'Race', series: [] })).toThrow('toCsv: the set of curves breaks a rule');
});

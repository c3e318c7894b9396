import { expect, test } from '@jest/globals';
import { arenaName, arenaOf, liMalikSettings, settingsNamed } from './settings.js';

test('the five settings are those of the paper', () => {
  expect(
    liMalikSettings.map(({ number, architecture, batchSize, horizon }) => [
      number,
      architecture,
      batchSize,
      horizon,
    ]),
  ).toEqual([
    [1, '48-48', 64, 400],
    [2, '100-200', 64, 400],
    [3, '48-48', 10, 400],
    [4, '100-200', 10, 400],
    [5, '100-200', 64, 800],
  ]);
});

test('figures 2 and 5 show the same rollouts, all others have their own', () => {
  const arenas = liMalikSettings.map((setting) => arenaName(arenaOf(setting, 'faces')));
  expect(arenas[4]).toBe(arenas[1]);
  expect(new Set(arenas).size).toBe(4);
  expect(arenaName(arenaOf(liMalikSettings[0]!, 'cifar-10'))).not.toBe(arenas[0]);
});

test('settings are chosen by name and by number', () => {
  expect(settingsNamed('li-malik')).toHaveLength(5);
  expect(settingsNamed('li-malik', '5, 1').map(({ number }) => number)).toEqual([1, 5]);
  expect(settingsNamed('li-malik/figure-3').map(({ batchSize }) => batchSize)).toEqual([10]);
});

test.each([
  ['li-malik/figure-6', undefined, /nothing to run called "li-malik\/figure-6".*li-malik\/figure-1/],
  ['li-malik', '1,6', /holds "6"/],
  ['li-malik', '', /holds ""/],
  ['li-malik/figure-2', '1', /among 2, .* holds "1"/],
])('%s with settings %s is refused', (name, numbers, message) => {
  expect(() => settingsNamed(name, numbers)).toThrow(message);
});

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as core from '@metadescent/core';
import * as conformance from '@metadescent/core/conformance';
import * as evaluation from '@metadescent/evaluation';
import * as guidedPolicySearch from '@metadescent/guided-policy-search';
import * as kernels from '@metadescent/kernels';
import * as kernelsGps from '@metadescent/kernels/gps';
import * as kernelsNode from '@metadescent/kernels/node';
import * as lstmOptimizer from '@metadescent/lstm-optimizer';
import * as metaLearning from '@metadescent/meta-learning';
import * as metaLearningConformance from '@metadescent/meta-learning/conformance';
import * as optimizees from '@metadescent/optimizees';
import * as optimizeesNode from '@metadescent/optimizees/node';
import * as optimizers from '@metadescent/optimizers';
import * as predictedStepDescent from '@metadescent/predicted-step-descent';
import * as reporting from '@metadescent/reporting';
import * as runtime from '@metadescent/runtime';
import * as tfjs from '@metadescent/tfjs';
import * as tfjsBackend from '@metadescent/tfjs/backend';
import * as wasmTraining from '@metadescent/tfjs/wasm-training';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as example from './index.js';

/**
 * Everything that can be imported, by its name after `@metadescent/`; the modules of single weights hold data
 * alone.
 */
const entries: Readonly<Record<string, object>> = {
  core,
  'core/conformance': conformance,
  evaluation,
  'guided-policy-search': guidedPolicySearch,
  kernels,
  'kernels/gps': kernelsGps,
  'kernels/node': kernelsNode,
  'lstm-optimizer': lstmOptimizer,
  'meta-learning': metaLearning,
  'meta-learning/conformance': metaLearningConformance,
  optimizees,
  'optimizees/node': optimizeesNode,
  optimizers,
  'predicted-step-descent': predictedStepDescent,
  reporting,
  runtime,
  tfjs,
  'tfjs/backend': tfjsBackend,
  'tfjs/wasm-training': wasmTraining,
  example,
};

/** One bad value of each kind. */
const bad: readonly (readonly [label: string, ...words: unknown[]])[] = [
  ['nothing'],
  ['undefined', undefined],
  ['null', null],
  ['an empty object', {}],
  ['text that is the name of a member of Object.prototype', 'constructor'],
  ['NaN', NaN],
];

/** What is documented and yet may answer in JavaScript's own words, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'runtime.runCommand': 'it is there to report what its function throws',
  'core.parseOptions': 'for authors of functions with options: its schema is written beside the call',
};

/** Doors that no example happens to use. */
const MORE_DOORS = [
  ...[
    'metaTrainLstm',
    'metaTrain',
    'evolutionStrategies',
    'truncatedBackpropagation',
    'candidateSearch',
    'updaterOf',
    'taskMap',
    'learnedOptimizerConformance',
    'gradientConformance',
    'estimatorConformance',
    'parseLstmRule',
    'parseMetaTraining',
    'readTrainedRule',
    'searchReadout',
    'writeTrainedRule',
  ],
  ...[
    'fineTune',
    'parseFineTuning',
    'readWeights',
    'curveFigure',
    'terminalTable',
    'LearnedOptimizer',
    'readRun',
    'experimentNamed',
    'presetOf',
  ],
  ...[
    'addSteps',
    'averagedParameters',
    'keyFromWords',
    'printable',
    'schedule',
    'standardError',
    'summariseCurves',
  ],
  ...['withWeightDecay', 'writeSafetensors'],
  ...['hiddenVelocityPendulum', 'improve', 'initialState', 'leastSquaresCost', 'pendulum', 'rankOneCost'],
  ...['simulatedEnvironment', 'solvePendulum', 'stateFromTensors', 'tablePolicy'],
  ...[
    'evolutionStrategies',
    'inlineTasks',
    'persistentEvolutionStrategies',
    'runAntitheticTask',
    'updaterOf',
  ],
  ...['fineTuningStateFromTensors', 'fineTuningTasks', 'metaTrainingTasks', 'withNominalStep'],
  ...['trainingStateFromTensors', 'weightsFromTensors'],
  ...[
    'idxDataset',
    'labelledDataset',
    'liMalikFamily',
    'parseCifar10',
    'parseCifar100',
    'parseIdx',
    'parseMat',
  ],
  ...['parseTfd', 'projectAndStandardise', 'selectRows', 'shareDataset', 'splitDataset'],
  ...['createBaseline', 'createHandMade', 'describeTuningOutcome', 'randomSearch', 'runTrial'],
  ...['checkRunFolder', 'encodeCheckpoint', 'openCheckpoints', 'prepareFolder', 'withInterrupt'],
  ...['familyFromFunction', 'optimizeeFromFunction', 'ruleLayout', 'initialRuleWeights', 'tapeOptimizer'],
];

/** What JavaScript says when a function uses what it was not given. */
const ENGINE_WORDS =
  /Cannot (?:read|destructure|convert|set|use)|is not (?:a function|iterable|a constructor|defined)|^Invalid (?:array|typed array) length|Function\.prototype/;

type Callable = (...words: readonly unknown[]) => unknown;

const packages = fileURLToPath(new URL('../../', import.meta.url));
/** The examples of all READMEs. */
const examples = readdirSync(packages)
  .flatMap(
    (name) => readFileSync(join(packages, name, 'README.md'), 'utf8').match(/```(?:js|ts)\n[^]*?```/g) ?? [],
  )
  .join('\n');

/**
 * The functions and classes that an example of a README uses: the doors through which users come. What they
 * lead to is typed, and checked there.
 */
const doors = Object.entries(entries).flatMap(([entry, exported]) =>
  Object.entries(exported)
    .filter(
      ([name, value]) =>
        typeof value === 'function' && isDoor(name) && !Object.hasOwn(exceptions, `${entry}.${name}`),
    )
    .map(([name, value]) => ({ door: `${entry}.${name}`, call: callable(value as Callable) })),
);

function isDoor(name: string): boolean {
  return MORE_DOORS.includes(name) || new RegExp(`\\b${name}\\b`).test(examples);
}

function callable(value: Callable): Callable {
  const isClass = Function.prototype.toString.call(value).startsWith('class');
  return isClass
    ? (...words) => new (value as unknown as new (...words: readonly unknown[]) => unknown)(...words)
    : value;
}

const home = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'metadescent-entries-'));
beforeAll(() => {
  // What takes a path, or warns, does it here.
  process.chdir(folder);
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  jest.spyOn(console, 'warn').mockReturnValue(undefined);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
  jest.restoreAllMocks();
});

test('every entry point is walked, and the READMEs show a good part of it', () => {
  const published = readdirSync(packages).flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    return Object.keys(exports)
      .filter((path) => !path.includes('.', 1) && !path.includes('/pretrained/'))
      .map((path) => join(name, path));
  });
  expect(Object.keys(entries).sort()).toEqual(published.sort());
  expect(doors.length).toBeGreaterThan(40);
});

describe.each(doors)('$door', ({ door, call }) => {
  test.each(bad)('given %s: a valid result, or an error in its own words', async (...[, ...words]) => {
    try {
      await call(...words);
    } catch (error) {
      const { name, message } = error as Error;
      // By tag: what Node throws is of another realm here.
      expect(Object.prototype.toString.call(error)).toBe('[object Error]');
      expect(`${door}: ${name}: ${message}`).not.toMatch(ENGINE_WORDS);
      expect(message.length).toBeGreaterThan(20);
      expect(name).not.toMatch(/Zod/);
    }
  });
});

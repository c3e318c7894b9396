// node dist/testing/run-argument-trials.js <typescript | wasm | a native target>: all trials on one engine,
// in a process that may crash.
import { wasmGpsEngine } from '../gps/gps-wasm.js';
import { nativeGpsEngine } from '../node/native-gps-engine.js';
import { nativeEngine } from '../node/native-engine.js';
import type { NativeTarget } from '../engine/native-functions.js';
import { typescriptEngine } from '../engine/typescript-engine.js';
import { typescriptGpsEngine } from '../gps/gps-typescript.js';
import { wasmEngine } from '../engine/wasm-engine.js';
import { tryArguments } from './argument-trials.js';
import type { EnginePair } from './wrapper-call.js';

function pairOf(name: string): EnginePair {
  if (name === 'typescript') return { kernels: typescriptEngine(), gps: typescriptGpsEngine() };
  if (name === 'wasm') return { kernels: wasmEngine(), gps: wasmGpsEngine() };
  const [kernels, gps] = [nativeEngine(name as NativeTarget), nativeGpsEngine(name as NativeTarget)];
  if (!kernels.engine || !gps.engine) throw new Error(`no native engine: ${kernels.reason ?? gps.reason}`);
  return { kernels: kernels.engine, gps: gps.engine };
}

const name = process.argv[2] ?? 'typescript';
// Twice: code that was optimised meanwhile may see other lengths of arrays that were transferred away.
const engines = pairOf(name);
const rounds = [tryArguments(engines), tryArguments(engines)];
const failures = rounds.flatMap((round) => round.failures);
const trials = rounds.reduce((sum, round) => sum + round.trials, 0);
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
process.stdout.write(`${name}: ${trials} trials, ${failures.length} failures\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

// The TensorFlow.js that both peers measure: WebAssembly backend, in Node (one thread).
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { createInterface } from 'node:readline';

export async function startTensorflow() {
  await tf.setBackend('wasm');
  await tf.ready();
  if (tf.getBackend() !== 'wasm')
    throw new Error(`TensorFlow.js runs on ${tf.getBackend()}, not on WebAssembly`);
  return tf;
}

/** Command-line options `--name value` as an object; an option without a value is true. */
export function options() {
  const given = {};
  const words = process.argv.slice(2);
  for (let i = 0; i < words.length; i++) {
    const name = words[i].replace(/^--/, '');
    given[name] = i + 1 < words.length && !words[i + 1].startsWith('--') ? words[++i] : true;
  }
  return given;
}

/**
 * Says that it is ready, then answers each line of standard input with the seconds of processor time of one
 * call of `work` (of `count` calls, timed together).
 */
export async function answer(work, count = 1) {
  work();
  console.log(JSON.stringify({ ready: true, version: `TensorFlow.js ${tf.version['tfjs-core']} wasm` }));
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = process.cpuUsage();
    for (let i = 0; i < count; i++) work();
    const { user, system } = process.cpuUsage(start);
    console.log(JSON.stringify({ seconds: (user + system) / 1e6 / count }));
  }
}

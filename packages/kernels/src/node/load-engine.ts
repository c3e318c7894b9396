import { UserError } from '@metadescent/core';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { typescriptEngine } from '../engine/typescript-engine.js';
import { wasmEngine } from '../engine/wasm-engine.js';
import { nativeEngine } from './native-engine.js';

/** `auto` is native where it can be had, else WebAssembly. */
export const ENGINE_CHOICES = ['auto', 'native', 'wasm', 'typescript'] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

/**
 * The engine of that name; by default what the environment variable METADESCENT_ENGINE says, else `auto`.
 *
 * @throws UserError if the name is unknown, or if `native` was asked for and cannot be had (the message says why).
 * @example
 * loadEngine('wasm').detail // => 'wasm simd128'
 */
export function loadEngine(choice: string = process.env['METADESCENT_ENGINE'] || 'auto'): KernelEngine {
  switch (choice) {
    case 'auto':
      return bestEngine();
    case 'native': {
      const { engine, reason } = nativeEngine();
      if (!engine)
        throw new UserError(
          `loadEngine: the native engine cannot be had: ${reason}; install a C compiler and koffi, or choose wasm`,
        );
      return engine;
    }
    case 'wasm':
      return wasmEngine();
    case 'typescript':
      return typescriptEngine();
    default:
      throw new UserError(
        `loadEngine: the engine must be one of ${ENGINE_CHOICES.join(', ')}, but is "${choice}"; set METADESCENT_ENGINE or the option to one of them`,
      );
  }
}

/** Native where it can be had, else WebAssembly, whose `note` then says why not native. */
export function bestEngine(): KernelEngine {
  const { engine, reason } = nativeEngine();
  if (engine) return engine;
  return { ...wasmEngine(), note: `not native: ${reason}` };
}

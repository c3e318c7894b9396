/**
 * A WebAssembly instance with a memory of its own. An owner that is garbage collected takes its memory with
 * it.
 */
export interface KernelMemory {
  /** The exported functions; each kernel states the types of those it calls. */
  readonly exports: WebAssembly.Exports;
  /** First byte that is free for the owner's use, on a cache line boundary. */
  readonly base: number;
  /** Grows the memory so that the bytes before `end` can be used; a RangeError where there is not so much. */
  reserve(end: number): void;
  /** Copies `values` to the byte address `to`. */
  write(to: number, values: Float32Array | Float64Array | Uint8Array | Int32Array): void;
  /** Fills `values` from the byte address `from`. */
  read(from: number, values: Float32Array | Float64Array): void;
}

const PAGE = 65536;
/** What 32-bit addresses reach. */
const MAX_BYTES = 2 ** 32;
const CACHE_LINE = 64;

/**
 * A module that is compiled once per realm, at the first use.
 *
 * @param caller the engine, as its user knows it
 * @returns what gives the module; an Error where WebAssembly SIMD is missing
 */
export function lazyModule(caller: string, base64: string): () => WebAssembly.Module {
  let compiled: WebAssembly.Module | undefined;
  return () => (compiled ??= compile(caller, base64));
}

/** Instantiates a module. */
export function createMemory(module: WebAssembly.Module): KernelMemory {
  const { exports } = new WebAssembly.Instance(module);
  const memory = exports['memory'] as WebAssembly.Memory;
  const heapBase = (exports['__heap_base'] as WebAssembly.Global).value as number;
  // Growing the memory detaches its buffer, and with it this view.
  let bytes = new Uint8Array(memory.buffer);
  return {
    exports,
    base: alignedUp(heapBase),
    reserve(end) {
      const missing = end - bytes.length;
      if (missing <= 0) return;
      try {
        memory.grow(Math.ceil(missing / PAGE));
      } catch (error) {
        throw new RangeError(
          `wasm: the arrays of this call need ${end} bytes of WebAssembly memory, which has at most ${MAX_BYTES} and may have less here; make them smaller, or use the native engine`,
          { cause: error },
        );
      }
      bytes = new Uint8Array(memory.buffer);
    },
    write(to, values) {
      bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), to);
    },
    read(from, values) {
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(
        bytes.subarray(from, from + values.byteLength),
      );
    },
  };
}

/**
 * Byte addresses of consecutive regions of `floats` single-precision numbers from `base` on, each on a cache
 * line, and the end of the last.
 */
export function layOutRegions<Name extends string>(
  base: number,
  floats: Record<Name, number>,
): Record<Name | 'end', number> {
  const addresses: Record<string, number> = {};
  let at = base;
  for (const [name, count] of Object.entries<number>(floats)) {
    addresses[name] = at;
    at = alignedUp(at + 4 * count);
  }
  addresses['end'] = at;
  return addresses as Record<Name | 'end', number>;
}

/** The first cache line boundary from this address on. */
export function alignedUp(address: number): number {
  return Math.ceil(address / CACHE_LINE) * CACHE_LINE;
}

function compile(caller: string, base64: string): WebAssembly.Module {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    throw new Error(
      `${caller}: this platform cannot compile WebAssembly SIMD (Node 16.4, Chrome 91, Firefox 89 and Safari 16.4 can); use ${caller.replace('wasm', 'typescript')}()`,
      { cause: error },
    );
  }
}

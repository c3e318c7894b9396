/** @typedef {import('@metadescent/core').Key} Key */

/**
 * Draws of one mutated input, in order: all that is random about it comes from its key, so that an input can
 * be made again from its number alone.
 *
 * @param {Key} key
 */
export function drawsOf(key) {
  let next = 0;
  /** @param {number} bound exclusive, at least 1 */
  const below = (bound) => /** @type {number} */ (key.fold(next++).integers(1, bound)[0]);
  return {
    below,
    /** @template T @param {readonly T[]} list @returns {T} */
    oneOf: (list) => /** @type {T} */ (list[below(list.length)]),
  };
}

/** @typedef {ReturnType<typeof drawsOf>} Draws */

/**
 * A damaged version of `seed`: one to three mutations after another, where most of the structure is, in the
 * first bytes, more often than elsewhere.
 *
 * @param {Uint8Array} seed
 * @param {readonly Uint8Array[]} others to splice with
 * @param {'binary' | 'json' | 'headed'} kind what the file is: bytes, JSON text, or a JSON header behind its
 *   length in 8 bytes
 * @param {Draws} draws
 * @returns {Uint8Array}
 */
export function mutate(seed, others, kind, draws) {
  let bytes = seed;
  for (let left = 1 + draws.below(3); left > 0; left--) {
    const onText = kind !== 'binary' && draws.below(4) > 0;
    if (!onText) bytes = draws.oneOf(BINARY)(bytes, draws, others);
    else if (kind === 'json') bytes = editJson(bytes, draws);
    else bytes = editHeader(bytes, draws);
  }
  return bytes;
}

/** Bytes and words on which lengths, counts and signs turn. */
const BYTES = [0, 1, 2, 0x0a, 0x22, 0x7f, 0x80, 0xfe, 0xff];
const WORDS = [0, 1, 2, 255, 256, 2 ** 15, 2 ** 16 - 1, 2 ** 16, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** @type {readonly ((bytes: Uint8Array, draws: Draws, others: readonly Uint8Array[]) => Uint8Array)[]} */
const BINARY = [
  // One bit.
  (bytes, draws) =>
    changed(bytes, (copy) => {
      const at = placeIn(bytes, draws);
      copy[at] = /** @type {number} */ (copy[at]) ^ (1 << draws.below(8));
    }),
  // One byte.
  (bytes, draws) => changed(bytes, (copy) => (copy[placeIn(bytes, draws)] = draws.oneOf(BYTES))),
  // A length field: 2, 4 or 8 bytes in either order.
  (bytes, draws) => {
    const size = draws.oneOf([2, 4, 8]);
    if (bytes.length < size) return bytes;
    return changed(bytes, (copy) => {
      const view = new DataView(copy.buffer);
      const at = Math.min(placeIn(bytes, draws), bytes.length - size);
      const word = draws.oneOf(WORDS);
      const little = draws.below(2) === 0;
      if (size === 2) view.setUint16(at, word, little);
      else if (size === 4) view.setUint32(at, word, little);
      else view.setBigUint64(at, BigInt(word) << BigInt(draws.oneOf([0, 0, 8, 21, 31])), little);
    });
  },
  // Cut short.
  (bytes, draws) => bytes.slice(0, draws.below(bytes.length + 1)),
  // A part left out.
  (bytes, draws) => {
    const [begin, end] = range(bytes, draws);
    return joined(bytes.subarray(0, begin), bytes.subarray(end));
  },
  // A part repeated.
  (bytes, draws) => {
    const [begin, end] = range(bytes, draws);
    return joined(bytes.subarray(0, end), bytes.subarray(begin));
  },
  // Something behind it.
  (bytes, draws) =>
    joined(
      bytes,
      Uint8Array.from({ length: 1 + draws.below(24) }, () => draws.below(256)),
    ),
  // The beginning of one file and the end of another.
  (bytes, draws, others) => {
    const other = draws.oneOf(others);
    return joined(
      bytes.subarray(0, draws.below(bytes.length + 1)),
      other.subarray(draws.below(other.length + 1)),
    );
  },
];

/** Tokens that readers of JSON trip over. */
const TOKENS = [
  ...[
    'null',
    'true',
    '0',
    '-1',
    '-0',
    '1.5',
    '1e999',
    '1e-400',
    '9007199254740993',
    '18446744073709551615',
    '{}',
    '[]',
    '""',
    ',',
    ':',
    '[',
    '}',
  ],
  ...[
    '"__proto__"',
    '"__metadata__"',
    '"constructor"',
    '"toString"',
    '"\\u001b[2J\\u202e"',
    '"\\ud800"',
    '"NaN"',
    '"Infinity"',
    '"-0"',
  ],
  ...[
    '{"__proto__":{"step":1}}',
    '{"$tensor":"constructor"}',
    '{"$number":"x"}',
    `${'['.repeat(3000)}${']'.repeat(3000)}`,
    '\u001b[2J',
    '\ufeff',
  ],
];
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|[^"]/g;

/**
 * JSON with one token replaced, left out, or a run of tokens repeated; mostly JSON still.
 *
 * @param {Uint8Array} bytes
 * @param {Draws} draws
 */
function editJson(bytes, draws) {
  const tokens = new TextDecoder().decode(bytes).match(TOKEN) ?? [];
  const at = draws.below(tokens.length + 1);
  const kind = draws.below(4);
  if (kind === 0) tokens.splice(at, 1 + draws.below(4));
  else if (kind === 1) tokens.splice(at, 0, ...tokens.slice(Math.max(0, at - draws.below(12)), at));
  else tokens.splice(at, 1, kind === 2 && tokens.length > 0 ? draws.oneOf(tokens) : draws.oneOf(TOKENS));
  return new TextEncoder().encode(tokens.join(''));
}

/**
 * As `editJson`, on the header of a safetensors file; its length is made to fit, so that the edit is read.
 *
 * @param {Uint8Array} bytes
 * @param {Draws} draws
 */
function editHeader(bytes, draws) {
  if (bytes.length < 8) return bytes;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = editJson(bytes.subarray(8, 8 + length), draws);
  const out = joined(new Uint8Array(8), header, bytes.subarray(Math.min(bytes.length, 8 + length)));
  new DataView(out.buffer).setUint32(0, header.length, true);
  return out;
}

/**
 * @param {Uint8Array} bytes
 * @param {Draws} draws
 */
function placeIn(bytes, draws) {
  const early = draws.below(2) === 0;
  return draws.below(Math.max(1, early ? Math.min(bytes.length, 260) : bytes.length));
}

/**
 * @param {Uint8Array} bytes
 * @param {Draws} draws
 * @returns {[number, number]}
 */
function range(bytes, draws) {
  const begin = draws.below(bytes.length + 1);
  return [begin, Math.min(bytes.length, begin + 1 + draws.below(32))];
}

/**
 * @param {Uint8Array} bytes
 * @param {(copy: Uint8Array) => unknown} change
 */
function changed(bytes, change) {
  const copy = Uint8Array.from(bytes);
  if (copy.length > 0) change(copy);
  return copy;
}

/** @param {readonly Uint8Array[]} parts */
function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

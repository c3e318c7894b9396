import * as z from 'zod/mini';
import { optimizerKind, type OptimizerKind } from './curve-set.js';
import { ansiOf, ownStyleSchema, type LineStyle, type OwnStyle } from './line-style.js';
import { parseRecord } from './validate.js';

type Ink = Omit<LineStyle, 'width'>;

/**
 * The fixed inks. The colours were searched for: the smallest distance between two of them in OKLab, over
 * normal vision and simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009), was maximised
 * under a contrast limit against white. Dashes say the same in black and white.
 */
const INKS: Readonly<Record<string, Ink>> = {
  lstm: { colour: '#d55e00', ansi: 202, dash: [] },
  psd: { colour: '#0072b2', ansi: 33, dash: [] },
  'psd+': { colour: '#222222', ansi: 245, dash: [] },
  sgd: { colour: '#864e00', ansi: 136, dash: [2, 2] },
  momentum: { colour: '#b62f86', ansi: 169, dash: [7, 3] },
  nesterov: { colour: '#8300ff', ansi: 99, dash: [12, 3] },
  adagrad: { colour: '#004650', ansi: 30, dash: [7, 2, 2, 2] },
  rmsprop: { colour: '#ac80fb', ansi: 141, dash: [4, 2] },
  adam: { colour: '#2aaa8e', ansi: 36, dash: [] },
  conjugategradient: { colour: '#612e05', ansi: 131, dash: [10, 2, 2, 2, 2, 2] },
  lbfgs: { colour: '#52008e', ansi: 63, dash: [12, 3, 4, 3] },
};

/** Other spellings in the literature. */
const ALIASES: Readonly<Record<string, string>> = {
  l2lbgdbgd: 'lstm',
  gradientdescent: 'sgd',
  gd: 'sgd',
  nag: 'nesterov',
  nesterovmomentum: 'nesterov',
  cg: 'conjugategradient',
  nonlinearcg: 'conjugategradient',
  nonlinearconjugategradient: 'conjugategradient',
};

/** For names that are not in the table, found by the same search. */
const RESERVE: readonly Ink[] = [
  { colour: '#009849', ansi: 35, dash: [9, 4] },
  { colour: '#7e89c1', ansi: 110, dash: [3, 3] },
  { colour: '#2400d7', ansi: 69, dash: [9, 2, 3, 2] },
  { colour: '#066858', ansi: 72, dash: [5, 3] },
  { colour: '#ee707b', ansi: 204, dash: [14, 3] },
  { colour: '#6b2da8', ansi: 133, dash: [6, 2, 1, 2] },
];

/** Case and punctuation do not matter, a plus does: `PSD+` is not `PSD`. */
function canonicalName(name: string): string {
  const letters = name.toLowerCase().replace(/[^\p{L}\p{N}+]/gu, '');
  return Object.hasOwn(ALIASES, letters) ? (ALIASES[letters] as string) : letters;
}

/** 32-bit FNV-1a: the same reserve ink for the same name in every report. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Unknown names that get a look of their own: every reserve ink with every reserve dash. */
export const DISTINCT_UNKNOWN = RESERVE.length ** 2;

/**
 * The look of the n-th place: all inks once with their own dash, then all again with the dash of the next
 * one, and so on.
 */
function reserveInk(place: number, kind: OptimizerKind): Ink {
  const round = Math.floor(place / RESERVE.length);
  const ink = RESERVE[place % RESERVE.length] as Ink;
  if (kind === 'learned' && round === 0) return { ...ink, dash: [] };
  return { ...ink, dash: (RESERVE[(place + round) % RESERVE.length] as Ink).dash };
}

/**
 * The place that a name's hash points to in the first round or, where that is taken, the next free one; the
 * first again where all are.
 */
function reservePlace(name: string, taken: Set<number>): number {
  const wanted = hash(name) % RESERVE.length;
  for (let i = 0; i < DISTINCT_UNKNOWN; i++) {
    const round = Math.floor(i / RESERVE.length);
    const place = round * RESERVE.length + ((wanted + i) % RESERVE.length);
    if (!taken.has(place)) {
      taken.add(place);
      return place;
    }
  }
  return wanted;
}

/** A caller's own look, completed; one that is complete takes no place from others. */
function styled({ colour, ansi, dash }: OwnStyle = {}, chosen: () => Ink): Ink {
  if (colour !== undefined && dash !== undefined) return { colour, ansi: ansi ?? ansiOf(colour), dash };
  const ink = chosen();
  return {
    colour: colour ?? ink.colour,
    ansi: ansi ?? (colour === undefined ? ink.ansi : ansiOf(colour)),
    dash: dash ?? ink.dash,
  };
}

/** What {@link optimizerStyles} needs to know of an optimizer; a series of a `CurveSet` is one. */
export interface StyledOptimizer {
  readonly optimizer: string;
  readonly kind: OptimizerKind;
  /** A look of the caller's choice. */
  readonly style?: OwnStyle | undefined;
}

const styledOptimizers = z.array(
  z.object({ optimizer: z.string(), kind: optimizerKind, style: z.optional(ownStyleSchema) }),
);

/**
 * The style of every optimizer of a report: learned ones 3 pixels wide, hand-made ones 1.6.
 *
 * What a caller's `style` leaves open is chosen: a known name has one fixed ink; an unknown name takes the
 * reserve ink that its hash points to or, where another unknown name of the list holds that one, the next
 * free ink. After six unknown names the inks come again with other dashes, after {@link DISTINCT_UNKNOWN} the
 * looks repeat, and captions say so. Two spellings of one known name are two optimizers: the second one
 * counts as unknown.
 *
 * @throws UserError if an entry has no name, kind or a style that cannot be drawn.
 */
export function optimizerStyles(optimizers: readonly StyledOptimizer[]): ReadonlyMap<string, LineStyle> {
  const parsed = parseRecord('optimizerStyles', 'list of optimizers', styledOptimizers, optimizers);
  const styles = new Map<string, LineStyle>();
  const taken = new Set<number>();
  const known = new Set<string>();
  // Sorted, so that the order of the series does not matter.
  const sorted = parsed.sort((a, b) => (a.optimizer < b.optimizer ? -1 : a.optimizer > b.optimizer ? 1 : 0));
  for (const { optimizer, kind } of sorted) {
    if (styles.has(optimizer)) continue;
    const name = canonicalName(optimizer);
    const isFixed = Object.hasOwn(INKS, name) && !known.has(name);
    known.add(name);
    const own = parsed.find((entry) => entry.optimizer === optimizer && entry.style !== undefined)?.style;
    const chosen = (): Ink => {
      if (!isFixed) return reserveInk(reservePlace(name, taken), kind);
      const ink = INKS[name] as Ink;
      return kind === 'learned' ? { ...ink, dash: [] } : ink;
    };
    styles.set(optimizer, { ...styled(own, chosen), width: kind === 'learned' ? 3 : 1.6 });
  }
  return styles;
}

/**
 * The style of one optimizer on its own.
 *
 * @example
 * optimizerStyle('Adam', 'hand-made').colour // => '#2aaa8e'
 */
export function optimizerStyle(optimizer: string, kind: OptimizerKind): LineStyle {
  return optimizerStyles([{ optimizer, kind }]).get(optimizer) as LineStyle;
}

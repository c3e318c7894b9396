import type { OptimizerKind } from './curve-set.js';

/** How one optimizer is drawn, in every figure and terminal alike. */
export interface LineStyle {
  /** `#rrggbb`, at least 2.9:1 against white. */
  readonly colour: string;
  /** Index in the 256-colour palette of terminals; middle tones, which read on dark and on light backgrounds. */
  readonly ansi: number;
  /** Pixels. */
  readonly width: number;
  /** Lengths of dashes and gaps in pixels; empty is solid. */
  readonly dash: readonly number[];
}

type Ink = Omit<LineStyle, 'width'>;

/**
 * The fixed inks. The colours were searched for: the smallest distance between two of them in OKLab, over normal vision and simulated
 * protanopia, deuteranopia and tritanopia (Machado et al. 2009), was maximised under a contrast limit against white. Dashes say the same in black and white.
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

/**
 * The style of every optimizer of a report. Known names have one fixed ink; an unknown name takes the reserve ink that its hash points to
 * or, where another unknown name of the list holds that one, the next free ink. Beyond six unknown names inks repeat.
 */
export function optimizerStyles(
  optimizers: readonly { readonly optimizer: string; readonly kind: OptimizerKind }[],
): ReadonlyMap<string, LineStyle> {
  const styles = new Map<string, LineStyle>();
  const taken = new Set<number>();
  // Sorted, so that the order of the series does not matter.
  const sorted = [...optimizers].sort((a, b) =>
    a.optimizer < b.optimizer ? -1 : a.optimizer > b.optimizer ? 1 : 0,
  );
  for (const { optimizer, kind } of sorted) {
    if (styles.has(optimizer)) continue;
    const name = canonicalName(optimizer);
    let ink = Object.hasOwn(INKS, name) ? (INKS[name] as Ink) : undefined;
    if (ink === undefined) {
      if (taken.size === RESERVE.length) taken.clear();
      let index = hash(name) % RESERVE.length;
      while (taken.has(index)) index = (index + 1) % RESERVE.length;
      taken.add(index);
      ink = RESERVE[index] as Ink;
    }
    styles.set(optimizer, kind === 'learned' ? { ...ink, dash: [], width: 3 } : { ...ink, width: 1.6 });
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

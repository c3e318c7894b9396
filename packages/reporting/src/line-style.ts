import * as z from 'zod/mini';

/**
 * Schema of {@link LineStyle}. A style may come from a file and ends in markup, so each of its parts is held
 * to what can be drawn.
 */
export const lineStyleSchema = z.object({
  /** `#rrggbb`; those of this package have at least 2.8:1 against white. */
  colour: z.string().check(z.regex(/^#[0-9a-fA-F]{6}$/, 'expected a colour as #rrggbb')),
  /**
   * Index in the 256-colour palette of terminals; ours are middle tones, which read on dark and on light
   * backgrounds.
   */
  ansi: z.int().check(z.minimum(0), z.maximum(255)),
  /** Pixels. */
  width: z.number().check(z.minimum(0.5), z.maximum(20)),
  /** Lengths of dashes and gaps in pixels; empty is solid. */
  dash: z.readonly(z.array(z.number().check(z.minimum(0.5), z.maximum(100))).check(z.maxLength(12))),
});

/** How one optimizer is drawn, in every figure and terminal alike. */
export type LineStyle = z.output<typeof lineStyleSchema>;

/**
 * Schema of a caller's own style: what is left out is chosen. The width is not for choice: it tells learned
 * from hand-made.
 */
export const ownStyleSchema = z.partial(z.omit(lineStyleSchema, { width: true }));
export type OwnStyle = z.output<typeof ownStyleSchema>;

/** The nearest colour of the 6×6×6 cube in the 256-colour palette. */
export function ansiOf(colour: string): number {
  const levels = [0, 95, 135, 175, 215, 255];
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16);
    return levels.reduce((best, level, i) => {
      const nearest = levels[best] as number;
      return Math.abs(level - value) < Math.abs(nearest - value) ? i : best;
    }, 0);
  }) as [number, number, number];
  return 16 + 36 * red + 6 * green + blue;
}

/** What tells two lines apart, in one string. */
export function lookOf({ colour, width, dash }: LineStyle): string {
  return `${colour} ${width} ${dash.join(',')}`;
}

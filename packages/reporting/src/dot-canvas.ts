/**
 * A canvas of character cells for line drawings in a terminal. A Braille cell has 2×4 dots (U+2800 plus one
 * bit per dot), an ASCII cell one; a cell takes the ink of whoever drew in it last.
 */
export interface DotCanvas {
  /** Cells. */
  readonly columns: number;
  readonly rows: number;
  /** Dots per cell. */
  readonly across: 1 | 2;
  readonly down: 1 | 4;
  /** Bits of the dots that are set [rows · columns]. */
  readonly dots: Uint8Array;
  /** Who drew last in a cell, or −1 [rows · columns]. */
  readonly ink: Int16Array;
}

/**
 * Bit of the dot at [row][column] of a Braille cell: the Unicode standard numbers the three upper rows first,
 * then the fourth.
 */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** An empty canvas of so many cells. */
export function dotCanvas(columns: number, rows: number, braille: boolean): DotCanvas {
  return {
    columns,
    rows,
    across: braille ? 2 : 1,
    down: braille ? 4 : 1,
    dots: new Uint8Array(columns * rows),
    ink: new Int16Array(columns * rows).fill(-1),
  };
}

/** Sets the dot in column x and row y, counted in dots from the top left; outside the canvas nothing happens. */
export function setDot(canvas: DotCanvas, x: number, y: number, ink: number): void {
  const { columns, rows, across, down } = canvas;
  if (x < 0 || y < 0 || x >= columns * across || y >= rows * down) return;
  const cell = Math.floor(y / down) * columns + Math.floor(x / across);
  canvas.dots[cell] = (canvas.dots[cell] as number) | (BRAILLE[y % down]?.[x % across] as number);
  canvas.ink[cell] = ink;
}

/** A straight line between two dots, both included: one dot per step along the longer side. */
export function drawLine(
  canvas: DotCanvas,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  ink: number,
): void {
  const steps = Math.max(
    1,
    Math.abs(Math.round(x1) - Math.round(x0)),
    Math.abs(Math.round(y1) - Math.round(y0)),
  );
  for (let i = 0; i <= steps; i++) {
    setDot(canvas, Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps), ink);
  }
}

/** The character of a Braille cell; a space where no dot is set. */
export function brailleCharacter(dots: number): string {
  return dots === 0 ? ' ' : String.fromCharCode(0x2800 + dots);
}

import { UserError } from '@metadescent/core';

/**
 * Notation of very small and very large numbers: `1.23×10⁻⁵` for pages, `1.23e-5` for terminals without
 * Unicode and for data.
 */
export type Notation = 'superscript' | 'exponent';

const SUPERSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789-'].map((character, i) => [character, [...'⁰¹²³⁴⁵⁶⁷⁸⁹⁻'][i] as string]),
);

/** 10ⁿ with superscript digits. */
export function powerOfTen(exponent: number): string {
  return `10${[...String(exponent)].map((character) => SUPERSCRIPTS[character]).join('')}`;
}

/** Whether plain decimals read well at this magnitude. */
function isPlain(exponent: number): boolean {
  return exponent >= -3 && exponent < 5;
}

/**
 * The digits of a number and its power of ten, rounded together: exact down to the smallest subnormal, where
 * 10ⁿ is zero.
 */
function scientific(value: number, digits: number): { mantissa: string; exponent: number } {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string];
  return { mantissa, exponent: Number(exponent) };
}

/** The figure without its power of ten, then the power. */
function withPower(mantissa: string, exponent: number, notation: Notation): string {
  return notation === 'exponent' ? `${mantissa}e${exponent}` : `${mantissa}×${powerOfTen(exponent)}`;
}

/** A true minus sign, which is as wide as the digits. */
function signed(text: string, notation: Notation): string {
  return notation === 'superscript' ? text.replace(/^-/, '−') : text;
}

/**
 * A number to `digits` significant digits; a NaN is an en dash.
 *
 * @param digits 1 … 17, which are all that a double has.
 * @throws UserError if `digits` is none of these.
 * @example
 * [0.041283, 1234.5, 0.0000123456, -2, NaN].map((x) => formatNumber(x)) // => ['0.0413', '1235', '1.23×10⁻⁵', '−2.00', '–']
 */
export function formatNumber(value: number, digits = 3, notation: Notation = 'superscript'): string {
  if (!Number.isInteger(digits) || digits < 1 || digits > 17) {
    throw new UserError(`formatNumber: digits must be a whole number from 1 to 17, but got ${digits}`);
  }
  const unicode = notation === 'superscript';
  if (Number.isNaN(value)) return unicode ? '–' : '-';
  if (!Number.isFinite(value)) return signed(`${value < 0 ? '-' : ''}${unicode ? '∞' : 'inf'}`, notation);
  const { mantissa, exponent } = scientific(value, digits);
  if (isPlain(exponent)) return signed(value.toFixed(Math.max(0, digits - 1 - exponent)), notation);
  return signed(withPower(mantissa, exponent, notation), notation);
}

/**
 * `value ± standard error`: the value to three significant digits, the error to the value's decimals or,
 * where that would be zero, to one digit. A NaN or missing error is left out, an infinite one is said.
 *
 * @example
 * formatEstimate(0.041283, 0.00214) // => '0.0413 ± 0.0021'
 * formatEstimate(0.0000123, 0.0000004) // => '(1.23 ± 0.04)×10⁻⁵'
 */
export function formatEstimate(
  value: number,
  standardError?: number,
  notation: Notation = 'superscript',
): string {
  if (standardError === undefined || Number.isNaN(standardError) || !Number.isFinite(value)) {
    return formatNumber(value, 3, notation);
  }
  const plusMinus = notation === 'superscript' ? ' ± ' : ' +- ';
  if (!Number.isFinite(standardError)) {
    return `${formatNumber(value, 3, notation)}${plusMinus}${formatNumber(standardError, 3, notation)}`;
  }
  const { mantissa, exponent } = scientific(value, 3);
  if (isPlain(exponent)) {
    const decimals = Math.max(0, 2 - exponent);
    return `${formatNumber(value, 3, notation)}${plusMinus}${errorText(standardError, decimals, notation)}`;
  }
  const error = timesPowerOfTen(standardError, -exponent);
  // An error that would be nothing, or longer than its value, beside that power keeps its own.
  if (standardError !== 0 && (error < 0.005 || error >= 1000)) {
    return `${formatNumber(value, 3, notation)}${plusMinus}${formatNumber(standardError, 1, notation)}`;
  }
  const both = `(${signed(mantissa, notation)}${plusMinus}${error.toFixed(2)})`;
  return withPower(both, exponent, notation);
}

/** value · 10ⁿ, also where 10ⁿ itself is no double. */
function timesPowerOfTen(value: number, n: number): number {
  const [mantissa, exponent] = value.toExponential(17).split('e') as [string, string];
  return Number(`${mantissa}e${Number(exponent) + n}`);
}

function errorText(error: number, decimals: number, notation: Notation): string {
  const fixed = error.toFixed(decimals);
  if (error === 0 || Number(fixed) !== 0)
    return fixed.length <= 10 && !fixed.includes('e') ? fixed : formatNumber(error, 3, notation);
  return formatNumber(error, 1, notation);
}

/** Seconds as people say them. @example formatDuration(151) // => '2 min 31 s' */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return formatNumber(seconds);
  if (seconds < 0) return `−${formatDuration(-seconds)}`;
  if (seconds < 10) return `${formatNumber(seconds, 2)} s`;
  const total = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  if (hours >= 1e5) return `${formatNumber(hours)} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}

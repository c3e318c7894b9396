import { printable } from '@metadescent/core';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text of any length for one line of a terminal or a figure: what could repaint the screen or turn the
 * direction of writing is spelled out.
 */
export function oneLine(text: string): string {
  return printable(text, Infinity);
}

/**
 * Text as HTML or SVG content or as a quoted attribute value. Line breaks and tabs stay, which are mere space
 * there; other characters that a reader could not see are spelled out.
 *
 * @example
 * escapeMarkup('<b> & "c"') // => '&lt;b&gt; &amp; &quot;c&quot;'
 */
export function escapeMarkup(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[^\n\t]+/g, oneLine)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

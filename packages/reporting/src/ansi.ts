/** Text in a colour of the 256-colour palette. */
export function coloured(text: string, ansi: number): string {
  return text === '' ? '' : `\u001b[38;5;${ansi}m${text}\u001b[39m`;
}

/** Text in bold. */
export function bold(text: string): string {
  return `\u001b[1m${text}\u001b[22m`;
}

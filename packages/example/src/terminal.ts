/** What a result is printed on. */
export interface Terminal {
  /** Characters of a line. */
  readonly width: number;
  readonly colour: boolean;
  /** Whether text is broken into lines here: what goes into a file or a pipe is not. */
  readonly wrap: boolean;
}

/** A stream that may be a terminal, such as `process.stdout`. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * What is known of the terminal behind a stream. 0 columns is how containers say that they do not know.
 *
 * Colour follows https://no-color.org: none where NO_COLOR is set to anything.
 */
export function terminalOf(
  stream: TerminalStream,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Terminal {
  const isTerminal = stream.isTTY === true;
  const width = stream.columns || (isTerminal ? 80 : 100);
  return {
    width,
    colour: isTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb',
    wrap: isTerminal,
  };
}

/** A paragraph in lines that break between words. */
export function wrapped(text: string, { width, wrap }: Terminal): string {
  if (!wrap) return text;
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/**
 * Bytes that are not what a reader was told they are: wrong magic number, truncated, labels out of range. The message says what is wrong with the
 * bytes; the loaders of `@metadescent/optimizees/node` turn it into a `UserError` that also names the file and the next step.
 */
export class DatasetFormatError extends Error {
  override readonly name = 'DatasetFormatError';
}

/** @throws DatasetFormatError if the bytes are a gzip stream, which pure readers do not unpack. */
export function refuseGzip(reader: string, bytes: Uint8Array): void {
  if (isGzip(bytes)) {
    throw new DatasetFormatError(
      `${reader}: the bytes are gzip-compressed; unpack them first, or use the loaders of @metadescent/optimizees/node, which do`,
    );
  }
}

/** Whether the bytes start like a gzip stream with deflate, the only method there is. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

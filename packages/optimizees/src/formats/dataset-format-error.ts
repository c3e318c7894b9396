import { UserError } from '@metadescent/core';

/**
 * Bytes that are not what a reader was told they are: wrong magic number, truncated, labels out of range. The
 * message says what is wrong with the bytes; the loaders of `@metadescent/optimizees/node` add the file and
 * the next step.
 */
export class DatasetFormatError extends UserError {
  override readonly name = 'DatasetFormatError';
}

/** Containers that a data set may lie in, by their first bytes. */
const CONTAINERS = [
  { name: 'a gzip stream', unpack: 'gunzip', at: 0, magic: [0x1f, 0x8b, 0x08] },
  { name: 'a zip archive', unpack: 'unzip', at: 0, magic: [0x50, 0x4b, 0x03, 0x04] },
  // "ustar"
  { name: 'a tar archive', unpack: 'tar -xf', at: 257, magic: [0x75, 0x73, 0x74, 0x61, 0x72] },
  { name: 'an xz stream', unpack: 'unxz', at: 0, magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'a bzip2 stream', unpack: 'bunzip2', at: 0, magic: [0x42, 0x5a, 0x68] },
] as const;

/** What these bytes are packed in, and the command that unpacks it; undefined if they begin like none. */
export function containerOf(
  bytes: Uint8Array,
): { readonly name: string; readonly unpack: string } | undefined {
  return CONTAINERS.find(({ at, magic }) => magic.every((byte, i) => bytes[at + i] === byte));
}

/** @throws DatasetFormatError if the bytes are packed, which pure readers do not unpack. */
export function refusePacked(reader: string, bytes: Uint8Array): void {
  const container = containerOf(bytes);
  if (!container) return;
  throw new DatasetFormatError(
    isGzip(bytes)
      ? `${reader}: the bytes are gzip-compressed; unpack them first, or use the loaders of @metadescent/optimizees/node, which do`
      : `${reader}: the bytes are ${container.name}; unpack it first (${container.unpack})`,
  );
}

/** Whether the bytes start like a gzip stream with deflate, the only method there is. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * The most bytes that a file of `size` bytes may unpack to: 64 MiB and a hundred times its size, below 2 GiB.
 * Images shrink to a half or a tenth, so every data set fits; a file of a few kilobytes cannot take the
 * machine's memory.
 */
export function largestUnpacked(size: number): number {
  return Math.min(2 ** 31 - 1, 2 ** 26 + 100 * size);
}

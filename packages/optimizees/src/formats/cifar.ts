import { checkArgument } from '@metadescent/core';
import { labelledDataset, type LabelledDataset } from '../data/labelled-dataset.js';
import { DatasetFormatError, refusePacked } from './dataset-format-error.js';

/** Three planes (red, green, blue) of 32 × 32 bytes, row by row. */
const PIXELS = 3 * 32 * 32;

interface RecordLayout {
  readonly format: string;
  /** Each label byte before the pixels is below its entry here. */
  readonly labelLimits: readonly number[];
  /** Which of them is the class wanted. */
  readonly labelAt: number;
  /** The other CIFAR format and its record size, to tell a mix-up from a truncated file. */
  readonly other: { readonly format: string; readonly stride: number };
}

const CIFAR_10: RecordLayout = {
  format: 'CIFAR-10',
  labelLimits: [10],
  labelAt: 0,
  other: { format: 'CIFAR-100', stride: 2 + PIXELS },
};

const CIFAR_100: Omit<RecordLayout, 'labelAt'> = {
  format: 'CIFAR-100',
  labelLimits: [20, 100],
  other: { format: 'CIFAR-10', stride: 1 + PIXELS },
};

/**
 * Parses files in the binary layout of CIFAR-10 (Krizhevsky 2009): records of one label byte and 3,072 pixel
 * bytes, no header.
 *
 * @param files the unpacked contents, in the order wanted; the pixels are copied
 * @throws DatasetFormatError if there is no record, if a file does not consist of whole records, or if a
 *   label is above 9.
 */
export function parseCifar10(
  files: readonly Uint8Array[],
  options: { readonly name?: string } = {},
): LabelledDataset {
  checkArgument('parseCifar10', 'the files', files, ['length'], 'pass a list of Uint8Arrays, one per file');
  return parseRecords(files, CIFAR_10, options.name ?? 'cifar-10');
}

/**
 * Parses files in the binary layout of CIFAR-100 (Krizhevsky 2009): records of one coarse-label byte (0–19),
 * one fine-label byte (0–99) and 3,072 pixel bytes, no header.
 *
 * @param options.labels which labels to keep. Default: the 100 fine ones.
 * @throws DatasetFormatError if there is no record, if a file does not consist of whole records, or if a
 *   label is out of range.
 */
export function parseCifar100(
  files: readonly Uint8Array[],
  options: { readonly name?: string; readonly labels?: 'fine' | 'coarse' } = {},
): LabelledDataset {
  checkArgument('parseCifar100', 'the files', files, ['length'], 'pass a list of Uint8Arrays, one per file');
  const labelAt = options.labels === 'coarse' ? 0 : 1;
  return parseRecords(files, { ...CIFAR_100, labelAt }, options.name ?? 'cifar-100');
}

function parseRecords(files: readonly Uint8Array[], layout: RecordLayout, name: string): LabelledDataset {
  const { format, labelLimits, labelAt, other } = layout;
  const labelBytes = labelLimits.length;
  const stride = labelBytes + PIXELS;
  const fail = (what: string): never => {
    throw new DatasetFormatError(`${format}: ${what}`);
  };
  files.forEach((bytes, file) => {
    refusePacked(format, bytes);
    if (bytes.length === 0 || bytes.length % stride !== 0) {
      const mixedUp = bytes.length > 0 && bytes.length % other.stride === 0;
      const why = mixedUp ? `these are whole records of ${other.format}` : 'it is truncated, or no such file';
      fail(
        `file ${file + 1} must consist of records of ${stride} bytes, but has ${bytes.length} bytes; ${why}`,
      );
    }
  });
  const count = files.reduce((sum, bytes) => sum + bytes.length / stride, 0);
  if (count === 0) fail('there are no files, so no records');
  const inputs = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  let i = 0;
  files.forEach((bytes, file) => {
    for (let at = 0; at < bytes.length; at += stride, i++) {
      labelLimits.forEach((limit, k) => {
        const label = bytes[at + k] as number;
        if (label < limit) return;
        fail(
          `label byte ${k} must be below ${limit}, but is ${label} in record ${at / stride} of file ${file + 1}; the file is damaged, or no such file`,
        );
      });
      labels[i] = bytes[at + labelAt] as number;
      inputs.set(bytes.subarray(at + labelBytes, at + stride), i * PIXELS);
    }
  });
  return labelledDataset({
    name,
    inputs,
    labels,
    classes: labelLimits[labelAt] as number,
    imageShape: [3, 32, 32],
  });
}

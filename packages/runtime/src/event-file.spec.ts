import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { maskedCrc32c } from './crc32c.js';
import { encodeEvent, frameRecord } from './event-encoding.js';
import { openEventFile } from './event-file.js';

/** A general reader of protocol-buffer messages: field number → values, by wire type. Independent of the writer. */
function readMessage(bytes: Buffer): Map<number, (number | Buffer)[]> {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wireType = key & 7;
    let value: number | Buffer;
    if (wireType === 0) value = varint();
    else if (wireType === 1) value = bytes.readDoubleLE((at += 8) - 8);
    else if (wireType === 5) value = bytes.readFloatLE((at += 4) - 4);
    else {
      const length = varint();
      value = bytes.subarray(at, (at += length));
    }
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  expect(at).toBe(bytes.length);
  return fields;
}

function readRecords(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc32c(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    records.push(data);
    at += length + 16;
  }
  return records;
}

function readScalars(event: Buffer): [string, number][] {
  const summary = readMessage(event).get(5)?.[0] as Buffer;
  return (readMessage(summary).get(1) as Buffer[]).map((value) => {
    const fields = readMessage(value);
    return [String(fields.get(1)?.[0]), fields.get(2)?.[0] as number];
  });
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'events-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the first event of a file has the bytes that TensorFlow writes', () => {
  // Event{wall_time: 1.5, file_version: "brain.Event:2"}, written out by hand from event.proto.
  expect(encodeEvent({ wallTime: 1.5, fileVersion: 'brain.Event:2' }).toString('hex')).toBe(
    `09000000000000f83f1a0d${Buffer.from('brain.Event:2').toString('hex')}`,
  );
});

test('scalars come back: all tags, steps beyond 32 bits, values rounded to single precision', () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 52),
      fc.array(fc.tuple(fc.string(), fc.float()), { minLength: 1 }),
      (step, scalars) => {
        const [event] = readRecords(frameRecord(encodeEvent({ wallTime: 12.25, step, scalars })));
        const fields = readMessage(event as Buffer);
        expect(fields.get(1)).toEqual([12.25]);
        expect(fields.get(2)).toEqual([step]);
        expect(readScalars(event as Buffer)).toEqual(
          scalars.map(([tag, value]) => [Buffer.from(tag).toString(), value]),
        );
      },
    ),
  );
});

test('nested records become tags with slashes; what is no number is left out', () => {
  const file = openEventFile(folder, { firstStep: 0, now: () => 5000 });
  const record = {
    step: 3,
    loss: 0.5,
    phase: 'train',
    validation: { loss: 2, best: true },
    curve: [1, 2],
    none: null,
  };
  file.append(record);
  file.append({ step: 4 });
  file.close();
  const [name] = readdirSync(folder) as [string];
  expect(name).toBe('events.out.tfevents.0000000005.metadescent.0000');
  const records = readRecords(readFileSync(join(folder, name)));
  expect(records).toHaveLength(3);
  expect(readScalars(records[2] as Buffer)).toEqual([
    ['loss', 0.5],
    ['validation/loss', 2],
  ]);
});

test('a later process writes a file of its own that voids the earlier events from its first step on', () => {
  openEventFile(folder, { firstStep: 0, now: () => 5000 }).close();
  openEventFile(folder, { firstStep: 8, now: () => 5000 }).close();
  const names = readdirSync(folder).sort();
  expect(names).toHaveLength(2);
  const records = readRecords(readFileSync(join(folder, names[1] as string)));
  const start = readMessage(records[1] as Buffer);
  expect(start.get(2)).toEqual([8]);
  // SessionLog{status: START}
  expect(readMessage(start.get(7)?.[0] as Buffer).get(1)).toEqual([1]);
});

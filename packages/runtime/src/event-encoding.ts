/**
 * The bytes of TensorBoard event files: protocol-buffer messages (tensorflow/core/util/event.proto,
 * summary.proto) in TFRecord frames. Only what scalars need.
 */
import { maskedCrc32c } from './crc32c.js';

/** One event. Exactly one of the last three is given. */
export interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  /** `brain.Event:2` in the first event of a file. */
  readonly fileVersion?: string;
  /** Tags and values at this step. */
  readonly scalars?: readonly (readonly [tag: string, value: number])[];
  /** A process starts to write at this step: events of earlier files from this step on are void. */
  readonly sessionStart?: boolean;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** `SessionLog.SessionStatus.START` */
const SESSION_START = 1;

/** The `Event` message: wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7. */
export function encodeEvent(event: ScalarEvent): Buffer {
  const fields = [Buffer.from([tag(1, FIXED_64)]), float64(event.wallTime)];
  if (event.step !== undefined) fields.push(Buffer.from([tag(2, VARINT)]), varint(event.step));
  if (event.fileVersion !== undefined) fields.push(delimited(3, Buffer.from(event.fileVersion)));
  // Summary: repeated Value = 1; Value: tag = 1, simple_value = 2.
  if (event.scalars !== undefined) {
    const values = event.scalars.map(([name, value]) =>
      delimited(
        1,
        Buffer.concat([delimited(1, Buffer.from(name)), Buffer.from([tag(2, FIXED_32)]), float32(value)]),
      ),
    );
    fields.push(delimited(5, Buffer.concat(values)));
  }
  if (event.sessionStart) fields.push(delimited(7, Buffer.from([tag(1, VARINT), SESSION_START])));
  return Buffer.concat(fields);
}

/** A TFRecord: length (u64), masked CRC of the length, data, masked CRC of the data; all little-endian. */
export function frameRecord(data: Uint8Array): Buffer {
  const frame = Buffer.alloc(data.length + 16);
  frame.writeBigUInt64LE(BigInt(data.length), 0);
  frame.writeUInt32LE(maskedCrc32c(frame.subarray(0, 8)), 8);
  frame.set(data, 12);
  frame.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return frame;
}

function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}

function delimited(field: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag(field, LENGTH_DELIMITED)]), varint(data.length), data]);
}

/** Base-128, least significant group first; for integers in [0, 2⁵³). */
function varint(value: number): Buffer {
  const groups: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) groups.push((rest % 128) | 128);
  groups.push(rest);
  return Buffer.from(groups);
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

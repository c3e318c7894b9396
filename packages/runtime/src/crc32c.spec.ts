import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { crc32c, maskedCrc32c } from './crc32c.js';

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
test.each([
  ['32 zero bytes', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 incrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 decrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ['"123456789"', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
])('the CRC-32C of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test('unmasking (TFRecord: subtract the constant, rotate left by 15) gives the CRC back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const rotated = (maskedCrc32c(bytes) - 0xa282ead8) >>> 0;
      expect(((rotated >>> 17) | (rotated << 15)) >>> 0).toBe(crc32c(bytes));
    }),
  );
});

test('every flipped bit is seen', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, place) => {
      const flipped = bytes.slice();
      const bit = place % (8 * bytes.length);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(crc32c(flipped)).not.toBe(crc32c(bytes));
    }),
  );
});

import { describe, expect, it } from 'vitest';
import { capturedMicros, withCaptureTime } from './jpeg';

const kApp0 = [0xff, 0xe0, 0, 4, 1, 2];
const kScan = [0xff, 0xda, 0, 2, 9, 9, 0xff, 0xd9];
const plain = Uint8Array.from([0xff, 0xd8, ...kApp0, ...kScan]);

describe('capture time in a JPEG comment', () => {
  it('comes back as it was written', () => {
    expect(capturedMicros(withCaptureTime(plain, 1_795_000_000_123_456))).toBe(
      1_795_000_000_123_456,
    );
  });

  it('stands after the APP segments and changes nothing else', () => {
    const marked = withCaptureTime(plain, 5);
    const size = 4 + 'butai-capture-us=5'.length;
    expect([...marked.subarray(0, 8)]).toEqual([...plain.subarray(0, 8)]);
    expect([...marked.subarray(8, 10)]).toEqual([0xff, 0xfe]);
    expect([...marked.subarray(8 + size)]).toEqual([...plain.subarray(8)]);
  });

  it('is absent from a picture without one, and from what is no JPEG', () => {
    expect(capturedMicros(plain)).toBeNull();
    expect(capturedMicros(Uint8Array.from([1, 2, 3, 4]))).toBeNull();
  });

  it('is not read from a cut or lying picture', () => {
    const marked = withCaptureTime(plain, 1_795_000_000_123_456);
    for (let length = 0; length < marked.length - kScan.length; length++) {
      expect(capturedMicros(marked.subarray(0, length)), `length ${length}`).toBeNull();
    }
    expect(capturedMicros(Uint8Array.from([0xff, 0xd8, 0xff, 0xfe, 0, 0, 0, 0]))).toBeNull();
  });
});

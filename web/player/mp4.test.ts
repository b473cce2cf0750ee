import { describe, expect, it } from 'vitest';
import { Mp4Error, readChunk, readInit, shiftSegment, stretch } from './mp4';
import { chunk, init, kUtcTicks, type Wish } from './mp4_fixture';

describe('readInit', () => {
  it('cuts the joint init segment into one per track, each readable alone', () => {
    const tracks = readInit(init());
    expect(tracks.map(({ id, kind, timescale }) => [id, kind, timescale])).toEqual([
      [1, 'video', 90_000],
      [2, 'audio', 48_000],
    ]);
    for (const track of tracks) {
      const alone = readInit(track.init);
      expect(alone.map(({ id }) => id)).toEqual([track.id]);
      expect(alone[0]!.defaultDuration).toBe(512);
    }
  });

  it('refuses what is cut short, at every length', () => {
    const whole = init();
    for (let length = 0; length < whole.length; length++) {
      expect(() => readInit(whole.subarray(0, length)), `length ${length}`).toThrow(Mp4Error);
    }
  });

  it('refuses a box that is larger than its parent', () => {
    const bytes = init();
    new DataView(bytes.buffer).setUint32(16, 0x7fffffff);
    expect(() => readInit(bytes)).toThrow(Mp4Error);
  });
});

describe('readChunk', () => {
  const tracks = readInit(init());
  const read = (wish: Wish) => readChunk(Uint8Array.from(chunk(wish)), tracks);

  it('reads times of UTC exactly', () => {
    expect(read({ defaultDuration: 3000 })).toMatchObject({
      track: 1,
      start: kUtcTicks,
      duration: 3000,
      key: true,
      prft: null,
    });
  });

  it('takes durations from trun, tfhd or trex, the nearest first', () => {
    expect(read({ durations: [10, 20, 30], defaultDuration: 5 }).duration).toBe(60);
    expect(read({ defaultDuration: 5 }).duration).toBe(5);
    expect(read({}).duration).toBe(512);
  });

  it('knows a picture that needs others', () => {
    expect(read({ key: false }).key).toBe(false);
    expect(read({ key: false, track: 2 }).key).toBe(true);
  });

  it('reads when the picture was captured', () => {
    expect(read({ prft: true }).prft).toEqual({
      capturedMicros: 1_795_000_000_500_000,
      mediaTime: kUtcTicks,
    });
  });

  it('refuses a track without an init segment, and every cut', () => {
    expect(() => read({ track: 9 })).toThrow(Mp4Error);
    const whole = Uint8Array.from(chunk({ prft: true, durations: [1, 2] }));
    for (let length = 0; length < whole.length; length++) {
      expect(() => readChunk(whole.subarray(0, length), tracks), `length ${length}`).toThrow(
        Mp4Error,
      );
    }
  });
});

describe('stretch', () => {
  const tracks = readInit(init());
  const durationAfter = (wish: Wish, ticks: number) => {
    const bytes = Uint8Array.from(chunk(wish));
    stretch(bytes, readChunk(bytes, tracks), ticks);
    return readChunk(bytes, tracks).duration;
  };

  it('lengthens the last picture where its duration stands', () => {
    expect(durationAfter({ defaultDuration: 3000 }, 90_000)).toBe(90_000);
    expect(durationAfter({ durations: [10, 20, 30] }, 100)).toBe(130);
  });

  it('never shortens, and leaves a duration alone that other pictures share', () => {
    expect(durationAfter({ defaultDuration: 3000 }, 100)).toBe(3000);
    expect(durationAfter({}, 90_000)).toBe(512);
  });
});

describe('shiftSegment', () => {
  it('moves every chunk, across the 32 bit border', () => {
    const tracks = readInit(init());
    const one = chunk({ defaultDuration: 3000 });
    const bytes = Uint8Array.from([...one, ...one]);
    shiftSegment(bytes, -5_000_000_000);
    for (const part of [bytes.subarray(0, one.length), bytes.subarray(one.length)]) {
      expect(readChunk(part, tracks)).toMatchObject({
        start: kUtcTicks - 5_000_000_000,
        duration: 3000,
      });
    }
  });
});

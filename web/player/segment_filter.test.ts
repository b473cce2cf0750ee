import type shakaNamespace from 'shaka-player/dist/shaka-player.compiled-es2021.js';
import { describe, expect, it } from 'vitest';
import { readChunk, readInit } from './mp4';
import { chunk, init, kUtcTicks } from './mp4_fixture';
import { SegmentFilter } from './segment_filter';

const kTimescale = 90_000;

// What shaka-player fetched goes in; the filter mends it in place.
function player(name: 'hls' | 'dash') {
  let filter: (type: number, response: object, context: object) => Promise<void>;
  const shaka = { net: { NetworkingEngine: { RequestType: { SEGMENT: 1 } } } };
  new SegmentFilter(name).install(
    shaka as unknown as typeof shakaNamespace,
    {
      getNetworkingEngine: () => ({
        registerResponseFilter: (made: typeof filter) => (filter = made),
      }),
    } as unknown as shakaNamespace.Player,
  );
  return (bytes: Uint8Array, from?: number) =>
    filter(
      1,
      { uri: '/live/main/video/x.m4s', data: bytes.buffer },
      from === undefined ? {} : { segment: { getStartTime: () => from } },
    );
}

const segment = () => Uint8Array.from(chunk({ durations: [3000], key: false }));
const startOf = (bytes: Uint8Array) => readChunk(bytes, readInit(init())).start;

describe('SegmentFilter', () => {
  it('moves segments of HLS to where the playlist says they begin', async () => {
    const fetched = player('hls');
    const bytes = segment();
    await fetched(init());
    await fetched(bytes, 2.5);
    expect(startOf(bytes)).toBe(2.5 * kTimescale);
  });

  it('does so for a segment that comes before its init segment', async () => {
    const fetched = player('hls');
    const bytes = segment();
    const early = fetched(bytes, 4);
    await fetched(init());
    await early;
    expect(startOf(bytes)).toBe(4 * kTimescale);
  });

  it('leaves segments of DASH where they are', async () => {
    const fetched = player('dash');
    const bytes = segment();
    await fetched(init());
    await fetched(bytes, 2.5);
    expect(startOf(bytes)).toBe(kUtcTicks);
  });
});

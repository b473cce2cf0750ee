// Looks at what shaka-player fetches before it does, and mends what browsers cannot bear:
// 1. Pictures of an irregular camera are stretched, or a browser would wait for the next key frame.
// 2. EXT-X-PRELOAD-HINT is left out: a hint may be of a part that never comes, and shaka-player would
//    stall asking for it; with blocking reload a part is listed as soon as it is there.
// It also remembers when each segment was captured, because shaka-player's own date is wrong after a
// discontinuity.

import type shakaNamespace from 'shaka-player/dist/shaka-player.compiled-es2021.js';
import { hasMoov, readChunk, readInit, stretchSegment, type Chunk, type Track } from './mp4';

type Shaka = typeof shakaNamespace;

const kStretchSeconds = 0.25; // so long a picture may stand; browsers bear twice that
const kRemembered = 256; // segments and parts

export class SegmentFilter {
  private readonly tracks = new Map<string, Track>(); // by the folder of their segments
  // Seconds of UTC at media time 0, from each segment or part on; newest last.
  private epochs: { from: number; epoch: number }[] = [];

  install(shaka: Shaka, player: shakaNamespace.Player): void {
    const { MANIFEST, SEGMENT } = shaka.net.NetworkingEngine.RequestType;
    player.getNetworkingEngine()?.registerResponseFilter((type, response, context) => {
      try {
        const bytes = new Uint8Array(response.data as ArrayBuffer);
        if (type === MANIFEST) response.data = withoutHints(bytes);
        if (type === SEGMENT) this.look(response.uri, bytes, context?.segment?.getStartTime());
      } catch {
        // not ours to judge: shaka-player will say what is wrong with it
      }
    });
  }

  // Seconds of UTC at media time 0 around `mediaTime`; null when that is not known.
  epochAt(mediaTime: number): number | null {
    let best: { from: number; epoch: number } | null = null;
    for (const mark of this.epochs) {
      if (mark.from <= mediaTime + 0.1 && (!best || mark.from >= best.from)) best = mark;
    }
    return best?.epoch ?? null;
  }

  private look(uri: string, bytes: Uint8Array, from: number | undefined): void {
    const folder = uri.slice(0, uri.lastIndexOf('/'));
    if (hasMoov(bytes)) {
      const track = readInit(bytes)[0];
      if (track) this.tracks.set(folder, track);
      return;
    }
    const track = this.tracks.get(folder);
    if (!track) return;
    if (track.kind !== 'video') return;
    if (from !== undefined) this.remember(from, readChunk(bytes, [track]), track.timescale);
    stretchSegment(bytes, track, kStretchSeconds);
  }

  private remember(from: number, { start, prft }: Chunk, timescale: number): void {
    const known = prft && prft.capturedMicros > 0;
    const offset = known ? prft.capturedMicros / 1e6 - prft.mediaTime / timescale : 0;
    this.epochs.push({ from, epoch: start / timescale + offset - from });
    if (this.epochs.length > kRemembered) this.epochs.shift();
  }
}

function withoutHints(bytes: Uint8Array): ArrayBuffer {
  const text = new TextDecoder().decode(bytes);
  const kept = text.replace(/^#EXT-X-PRELOAD-HINT:.*\n?/gm, '');
  return new TextEncoder().encode(kept).buffer as ArrayBuffer;
}

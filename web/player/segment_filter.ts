// Looks at what shaka-player fetches before it does, and moves segments and parts of HLS to where the
// playlist says they begin. Left to itself shaka-player puts the browser's parser back to tell it the
// difference, and WebKitGTK then takes nothing at all: it has forgotten the init segment.
// It also remembers when each segment was captured, because shaka-player's own date is wrong after a
// discontinuity.

import type shakaNamespace from 'shaka-player/dist/shaka-player.compiled-es2021.js';
import { hasMoov, readChunk, readInit, shiftSegment, type Chunk, type Track } from './mp4';

type Shaka = typeof shakaNamespace;

const kRemembered = 256; // segments and parts
const kCaptions = /\/captions-[^/]+\/[^/]+$/;
const kMpegHz = 90_000;

export class SegmentFilter {
  private readonly tracks = new Map<string, Track>(); // by the folder of their segments
  private waiting: (() => void)[] = []; // segments that came before their init segment
  // Seconds of UTC at media time 0, from each segment or part on; newest last.
  private epochs: { from: number; epoch: number }[] = [];

  constructor(private readonly name: 'hls' | 'dash') {}

  install(shaka: Shaka, player: shakaNamespace.Player): void {
    const { SEGMENT } = shaka.net.NetworkingEngine.RequestType;
    player.getNetworkingEngine()?.registerResponseFilter(async (type, response, context) => {
      try {
        if (type !== SEGMENT) return;
        const bytes = new Uint8Array(response.data as ArrayBuffer);
        if (kCaptions.test(response.uri)) {
          response.data = this.cues(response.uri, bytes, context?.segment?.getStartTime());
          return;
        }
        await this.look(response.uri, bytes, context?.segment?.getStartTime());
      } catch {
        // not ours to judge: shaka-player will say what is wrong with it
      }
    });
  }

  // Cues of HLS say where their segment begins on the media's clock; here it is where the playlist says.
  private cues(
    uri: string,
    bytes: Uint8Array<ArrayBuffer>,
    from: number | undefined,
  ): BufferSource {
    if (!uri.endsWith('.vtt') || from === undefined) return bytes;
    const text = new TextDecoder().decode(bytes);
    const clock = `MPEGTS:${Math.round(from * kMpegHz)}`;
    return new TextEncoder().encode(text.replace(/MPEGTS:\d+/, clock)).buffer;
  }

  // Seconds of UTC at media time 0 around `mediaTime`; null when that is not known.
  epochAt(mediaTime: number): number | null {
    let best: { from: number; epoch: number } | null = null;
    for (const mark of this.epochs) {
      if (mark.from <= mediaTime + 0.1 && (!best || mark.from >= best.from)) best = mark;
    }
    return best?.epoch ?? null;
  }

  private async look(uri: string, bytes: Uint8Array, from: number | undefined): Promise<void> {
    const folder = uri.slice(0, uri.lastIndexOf('/'));
    if (hasMoov(bytes)) {
      const track = readInit(bytes)[0];
      if (track) this.tracks.set(folder, track);
      for (const go of this.waiting.splice(0)) go();
      return;
    }
    while (!this.tracks.has(folder)) await new Promise<void>((go) => this.waiting.push(go));
    const track = this.tracks.get(folder)!;
    if (from !== undefined) this.place(bytes, track, from);
  }

  private place(bytes: Uint8Array, track: Track, from: number): void {
    const chunk = readChunk(bytes, [track]);
    if (track.kind === 'video') this.remember(from, chunk, track.timescale);
    if (this.name === 'hls') shiftSegment(bytes, Math.round(from * track.timescale) - chunk.start);
  }

  private remember(from: number, { start, prft }: Chunk, timescale: number): void {
    const known = prft && prft.capturedMicros > 0;
    const offset = known ? prft.capturedMicros / 1e6 - prft.mediaTime / timescale : 0;
    this.epochs.push({ from, epoch: start / timescale + offset - from });
    if (this.epochs.length > kRemembered) this.epochs.shift();
  }
}

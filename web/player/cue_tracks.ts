// Cues that come over the WebSocket, as text tracks of the element: the browser draws them.
//
// 1. Times are UTC; place() says where that is in the media, again whenever a media source begins anew.
// 2. Text tracks cannot be taken away, so one of each language is used for good.
// Limits: kCues, the oldest go.

import type { CaptionTrack } from './captions';

export interface TimedCue {
  language: string;
  start: number; // seconds of UTC
  end: number;
  text: string;
}

const kCues = 200;

export class CueTracks {
  private readonly tracks = new Map<string, TextTrack>();
  private cues: TimedCue[] = [];
  private epoch: number | null = null;
  private shown: string | null = null;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly changed: (tracks: CaptionTrack[]) => void,
  ) {}

  add(cue: TimedCue): void {
    this.cues.push(cue);
    if (this.cues.length > kCues) this.cues.shift();
    if (!this.tracks.has(cue.language)) {
      const track = this.video.addTextTrack('captions', cue.language, cue.language);
      track.mode = 'hidden';
      this.tracks.set(cue.language, track);
      this.read(this.shown);
      this.changed([...this.tracks.keys()].map((language) => ({ id: language, language })));
    }
    this.put(cue);
  }

  place(epoch: number): void {
    this.epoch = epoch;
    this.empty();
    for (const cue of this.cues) this.put(cue);
  }

  read(id: string | null): void {
    this.shown = id;
    for (const [language, track] of this.tracks) {
      track.mode = language === id ? 'showing' : 'hidden';
    }
  }

  stop(): void {
    this.empty();
    for (const track of this.tracks.values()) track.mode = 'disabled';
  }

  private put({ language, start, end, text }: TimedCue): void {
    if (this.epoch === null || end <= this.epoch) return;
    const from = Math.max(0, start - this.epoch);
    this.tracks.get(language)!.addCue(new VTTCue(from, end - this.epoch, asText(text)));
  }

  private empty(): void {
    for (const track of this.tracks.values()) {
      for (const cue of [...(track.cues ?? [])]) track.removeCue(cue);
    }
  }
}

// What looks like a tag is text.
const asText = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

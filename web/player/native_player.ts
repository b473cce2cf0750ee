// Native HLS, for iPhones without Media Source Extensions and for what FairPlay protects: the browser does
// everything, we listen, and hand it the licenses it asks for.

import { Refusal } from '../server/ask';
import { FramesShown, frameCounts } from './frames_shown';
import { kFairPlay, Keys } from './keys';
import { MedianWindow } from './latency';
import { stateOfRefusal } from './line';
import type { Player, PlayerHooks, Stage, State, Stats } from './player';
import type { Heard } from './sounds';

const kRetryMs = 3000;
const kVainMax = 3; // loads of a protected channel: this device has no way to unlock it

type WithStartDate = HTMLVideoElement & { getStartDate?: () => Date };
// Safari's, in the order of the playlist; other browsers have none.
type SoundList = EventTarget & ArrayLike<{ language: string; enabled: boolean }>;
const soundsOf = (video: HTMLVideoElement) =>
  (video as HTMLVideoElement & { audioTracks?: SoundList }).audioTracks;

export class NativePlayer implements Player {
  private readonly latencies = new MedianWindow();
  private readonly frames: FramesShown;
  private readonly keys: Keys;
  private state: State = 'connecting';
  private latency: number | null = null;
  private gaps = 0;
  private timer = 0;
  private stopped = false;
  private over = false; // loading again would not help
  private heard: Heard = 'first';
  private vain = 0; // loads that ended without a picture

  constructor(
    private readonly stage: Stage,
    private readonly hooks: PlayerHooks,
  ) {
    this.frames = new FramesShown(stage.video, (mediaTime) => this.onFrame(mediaTime));
    this.keys = new Keys(
      stage.video,
      () => stage.play,
      (state) => this.finish(state),
      () => this.onKeysChanged(),
    );
  }

  async start(): Promise<void> {
    const { video } = this.stage;
    video.addEventListener('playing', this.onPlaying);
    video.addEventListener('waiting', this.onWaiting);
    video.addEventListener('error', this.onError);
    video.addEventListener('ended', this.onEnded);
    video.addEventListener('encrypted', this.onEncrypted);
    video.textTracks.addEventListener('addtrack', this.onTextTrack);
    soundsOf(video)?.addEventListener('addtrack', this.onSound);
    this.load(this.stage.play.hls);
  }

  stop(): void {
    this.stopped = true;
    const { video } = this.stage;
    clearTimeout(this.timer);
    this.frames.stop();
    video.removeEventListener('playing', this.onPlaying);
    video.removeEventListener('waiting', this.onWaiting);
    video.removeEventListener('error', this.onError);
    video.removeEventListener('ended', this.onEnded);
    video.removeEventListener('encrypted', this.onEncrypted);
    video.textTracks.removeEventListener('addtrack', this.onTextTrack);
    soundsOf(video)?.removeEventListener('addtrack', this.onSound);
    video.removeAttribute('src');
    video.load();
    this.keys.stop();
  }

  keepRate(): void {}

  choose(): void {} // the browser chooses

  hear(sound: Heard): void {
    this.heard = sound;
    const sounds = Array.from(soundsOf(this.stage.video) ?? []);
    if (sounds.length !== 2) return;
    sounds.forEach((each, i) => (each.enabled = (i === 1) === (sound === 'second')));
  }

  read(captions: string | null): void {
    for (const track of this.stage.video.textTracks) {
      track.mode = track.language === captions ? 'showing' : 'disabled';
    }
  }

  toLive(): void {
    const { video } = this.stage;
    if (video.seekable.length > 0) {
      video.currentTime = video.seekable.end(video.seekable.length - 1);
    }
  }

  stats(): Stats {
    const { video } = this.stage;
    const { decoded, dropped } = frameCounts(video);
    const { buffered } = video;
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : video.currentTime;
    return {
      player: 'native',
      state: this.state,
      latencySeconds: this.latency,
      medianLatencySeconds: this.latencies.median(),
      decodedFrames: decoded,
      droppedFrames: dropped,
      gaps: this.gaps,
      bitrate: 0,
      currentTime: video.currentTime,
      bufferSeconds: Math.max(0, end - video.currentTime),
      width: video.videoWidth,
      height: video.videoHeight,
      keySystem: this.keys.systemName(),
    };
  }

  private load(address: string): void {
    this.stage.video.src = address;
    this.setState('waiting');
    this.hooks.ready();
  }

  private readonly onTextTrack = (): void => {
    const languages = [...this.stage.video.textTracks].map(({ language }) => language);
    this.hooks.captions([...new Set(languages)].map((language) => ({ id: language, language })));
  };
  private readonly onSound = (): void => {
    const [first, second] = Array.from(soundsOf(this.stage.video) ?? []);
    if (!first || !second) return;
    this.hooks.sounds([
      { id: 'first', language: first.language },
      { id: 'second', language: second.language },
    ]);
    this.hear(this.heard);
  };
  private readonly onPlaying = (): void => {
    this.vain = 0;
    this.setState('playing');
  };
  private readonly onEnded = (): void => this.setState('ended');
  private readonly onWaiting = (): void => {
    if (this.state === 'playing') {
      this.gaps++;
      this.setState('gap');
    }
  };
  private readonly onEncrypted = (event: MediaEncryptedEvent): void => {
    void this.keys.answer(event, kFairPlay);
  };
  private readonly onError = (): void => {
    if (this.stopped || this.over || !this.stage.video.getAttribute('src')) return;
    this.setState(this.state === 'playing' ? 'gap' : 'waiting');
    this.retry();
  };

  private retry(): void {
    this.timer = window.setTimeout(async () => {
      try {
        this.stage.play = await this.hooks.renew();
        const locked = await this.isLocked();
        if (this.stopped || this.over) return;
        if (locked) this.finish('locked');
        else this.load(this.stage.play.hls);
      } catch (error) {
        const final = error instanceof Refusal ? stateOfRefusal(error) : null;
        if (final) this.finish(final);
        else if (!this.stopped) this.retry();
      }
    }, kRetryMs);
  }

  // The browser does not say why it failed. It was not the broadcast when the playlist is there.
  private async isLocked(): Promise<boolean> {
    const { license, hls } = this.stage.play;
    if (license === null || !(await fetch(hls, { cache: 'no-store' })).ok) return false;
    return ++this.vain >= kVainMax;
  }

  private finish(state: State): void {
    this.setState(state);
    this.over = true;
  }

  private onKeysChanged(): void {
    if (this.state !== 'playing' && !this.over) this.setState('waiting');
  }

  private onFrame(mediaTime: number): void {
    const date = (this.stage.video as WithStartDate).getStartDate?.();
    if (!date || Number.isNaN(date.getTime())) return;
    this.latency = this.stage.clock.now() - (date.getTime() / 1000 + mediaTime);
    this.latencies.add(this.latency);
  }

  private setState(wanted: State): void {
    const state = this.keys.instead(wanted);
    if (this.over || state === this.state) return;
    this.state = state;
    this.hooks.changed(state);
  }
}

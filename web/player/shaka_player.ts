// Plays HLS or DASH with shaka-player, which is loaded only when it is needed.
// `stable`: far behind, much in hand. `low`: LL-HLS parts, within ±5 % at the delay the playlist asks.

import type shakaNamespace from 'shaka-player/dist/shaka-player.compiled-es2021.js';
import { Refusal } from '../server/ask';
import type { CaptionTrack } from './captions';
import { FramesShown, frameCounts } from './frames_shown';
import { MedianWindow } from './latency';
import { goesDirect, serviceToken } from './license';
import {
  isRefused,
  isUnsupported,
  licenseServers,
  stateOfDrmError,
  troubleOfDrmError,
  type ShakaError,
} from './licenses';
import { stateOfRefusal } from './line';
import { hasMediaSource } from './media_source';
import { told, type Player, type PlayerHooks, type Stage, type State, type Stats } from './player';
import { kDataHeight, type Quality } from './quality';
import { SegmentFilter } from './segment_filter';
import type { Heard, SoundTrack } from './sounds';

const kRetryMs = 1500;
const kHoldBackSeconds = 12; // of a stable channel
const kQuietMs = 4000;
const kStuckMs = 3000; // not moving although there is enough: seek; twice that: begin again
const kStuckMaxMs = 24_000; // doubled each time, for a machine that is only slow

const kSoundMarginSeconds = 0.5; // of the old sound that is kept while the new one comes

type Shaka = typeof shakaNamespace;

export class ShakaPlayer implements Player {
  private readonly latencies = new MedianWindow();
  private readonly filter: SegmentFilter;
  private readonly frames: FramesShown;
  private player: shakaNamespace.Player | null = null;
  private state: State = 'connecting';
  private latency: number | null = null;
  private trouble: State | null = null; // with the keys
  private holes = 0; // buffering after the picture had begun
  private timer = 0;
  private watch = 0;
  private movedAt = 0;
  private lastTime = -1; // currentTime at the last tick that saw it move
  private runsAt = 0;
  private stuckMs = kStuckMs;
  private nudged = false;
  private stopped = false;
  private over = false; // trying again would not help
  private quality: Quality = 'auto';
  private captions: string | null = null;
  private heard: Heard = 'first';

  constructor(
    private readonly stage: Stage,
    private readonly hooks: PlayerHooks,
    private readonly name: 'hls' | 'dash',
    private readonly low: boolean,
  ) {
    this.filter = new SegmentFilter(name);
    this.frames = new FramesShown(stage.video, (mediaTime) => this.onFrame(mediaTime));
  }

  async start(): Promise<void> {
    if (!hasMediaSource()) return this.finish('unsupported');
    const shaka = await loadShaka();
    if (this.stopped) return;
    if (!shaka.Player.isBrowserSupported()) return this.finish('unsupported');
    const player = new shaka.Player() as shakaNamespace.Player;
    this.player = player;
    await player.attach(this.stage.video);
    player.configure(this.settings());
    this.filter.install(shaka, player);
    this.sendTokens(shaka, player);
    player.addEventListener('error', (event: unknown) => {
      const { detail } = event as { detail?: ShakaError };
      if (!detail) return;
      const gone = this.state === 'playing' && isRefused(detail);
      if (detail.severity === 2 || gone) this.failed(detail);
    });
    player.addEventListener('buffering', (event: unknown) => {
      if ((event as { buffering?: boolean }).buffering && this.state === 'playing') this.holes++;
    });
    player.addEventListener('trackschanged', () => this.tellTracks());
    this.stage.video.addEventListener('ended', this.onEnded);
    this.watch = window.setInterval(() => this.tick(), 500);
    await this.load(this.address(this.stage.play));
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.frames.stop();
    this.stage.video.removeEventListener('ended', this.onEnded);
    void this.player?.destroy();
  }

  keepRate(): void {
    this.player?.configure('streaming.liveSync.enabled', false);
    if (this.stage.video.playbackRate !== 1) this.stage.video.playbackRate = 1;
  }

  choose(quality: Quality): void {
    if (quality === this.quality) return;
    const reload = (quality === 'sound') !== (this.quality === 'sound');
    this.quality = quality;
    if (!this.player) return; // it begins with it
    this.player.configure(this.limits());
    if (reload && !this.over && this.state !== 'connecting')
      void this.load(this.address(this.stage.play));
  }

  hear(sound: Heard): void {
    this.heard = sound;
    const tracks = this.player?.getAudioTracks() ?? [];
    const wanted = tracks.find((track) => soundOf(track).id === sound);
    if (wanted && !wanted.active && tracks.length > 1) {
      this.player!.selectAudioTrack(wanted, kSoundMarginSeconds);
    }
  }

  read(captions: string | null): void {
    this.captions = captions;
    const tracks = this.player?.getTextTracks() ?? [];
    const wanted = tracks.find((track) => captionOf(track).id === captions);
    this.player?.selectTextTrack(wanted ?? null);
  }

  toLive(): void {
    const range = this.player?.seekRange();
    if (range) this.stage.video.currentTime = range.end;
  }

  stats(): Stats {
    const { video } = this.stage;
    const { decoded, dropped } = frameCounts(video);
    const inside = this.player?.getStats();
    return {
      player: this.name,
      state: this.state,
      latencySeconds: this.latency,
      medianLatencySeconds: this.latencies.median(),
      decodedFrames: decoded,
      droppedFrames: dropped,
      gaps: this.holes + (inside?.gapsJumped ?? 0),
      bitrate: inside?.streamBandwidth || 0,
      currentTime: video.currentTime,
      bufferSeconds: this.bufferSeconds(),
      width: video.videoWidth,
      height: video.videoHeight,
      keySystem: this.player?.drmInfo()?.keySystem ?? null,
    };
  }

  // What the viewer's wish leaves of the ladder.
  private limits() {
    return {
      abr: { restrictions: { maxHeight: this.quality === 'data' ? kDataHeight : Infinity } },
      manifest: { disableVideo: this.quality === 'sound' },
    };
  }

  private settings(): object {
    const retry = {
      maxAttempts: 6,
      baseDelay: 300,
      backoffFactor: 1.6,
      fuzzFactor: 0.5,
      timeout: 15_000,
      stallTimeout: 8000,
      connectionTimeout: 8000,
    };
    return {
      ...this.limits(),
      manifest: {
        ...this.limits().manifest,
        retryParameters: retry,
        raiseFatalErrorOnManifestUpdateRequestFailure: false,
        // Of HLS, where shaka-player takes less than three target durations by itself.
        defaultPresentationDelay: this.low ? 0 : kHoldBackSeconds,
        dash: { clockSyncUri: '/time' },
        hls: { ignoreManifestTimestampsInSegmentsMode: true }, // SegmentFilter places them
      },
      streaming: {
        lowLatencyMode: this.low,
        // At the live edge a hinted part may never come: do not wait for it, the next list is right.
        retryParameters: this.low ? { ...retry, maxAttempts: 2, baseDelay: 150 } : retry,
        rebufferingGoal: this.low ? 0.5 : 4,
        bufferingGoal: this.low ? 4 : 20,
        bufferBehind: 20,
        liveSync: {
          enabled: this.low,
          // Counted by shaka-player from the end of the range it allows, which the playlist's
          // PART-HOLD-BACK already keeps behind the newest part.
          targetLatency: 0.4,
          targetLatencyTolerance: 0.2,
          minPlaybackRate: 0.95,
          maxPlaybackRate: 1.05,
          dynamicTargetLatency: {
            enabled: true, // each stall asks for more in hand, a calm minute for less
            rebufferIncrement: 0.3,
            maxAttempts: 10,
            minLatency: 0.2,
            maxLatency: 4,
            stabilityThreshold: 60,
          },
        },
      },
    };
  }

  private tellTracks(): void {
    this.hooks.captions((this.player?.getTextTracks() ?? []).map(captionOf));
    this.read(this.captions);
    const sounds = (this.player?.getAudioTracks() ?? []).map(soundOf);
    const two = (['first', 'second'] as const).flatMap(
      (id) => sounds.find((sound) => sound.id === id) ?? [],
    );
    this.hooks.sounds(two.length === 2 ? two : []);
    this.hear(this.heard);
  }

  // Licenses straight from a DRM service: to its own address, with what our server signed for this play.
  private sendTokens(shaka: Shaka, player: shakaNamespace.Player): void {
    const kLicense = shaka.net.NetworkingEngine.RequestType.LICENSE;
    player.getNetworkingEngine()!.registerRequestFilter(async (type, request) => {
      const { play } = this.stage;
      const path = request.uris[0]?.split('/').at(-1) ?? '';
      if (type !== kLicense || !goesDirect(play, path)) return;
      const { url, headers } = await serviceToken(play, path);
      request.uris = [url];
      Object.assign(request.headers, headers);
    });
  }

  private address(play: { hls: string; dash: string }): string {
    return new URL(this.name === 'hls' ? play.hls : play.dash, location.href).href;
  }

  private async load(address: string): Promise<void> {
    this.setState('waiting');
    const type = this.name === 'hls' ? 'application/x-mpegurl' : 'application/dash+xml';
    try {
      this.player!.configure({ drm: { servers: licenseServers(this.stage.play.license) } });
      await this.player!.load(address, null, type);
      this.movedAt = performance.now();
      this.tellTracks();
      this.hooks.ready();
    } catch (error) {
      this.failed(error as ShakaError);
    }
  }

  // What trying again cannot mend is said; the rest is tried again.
  private failed(error: ShakaError): void {
    const state = stateOfDrmError(error);
    if (state) return this.finish(state);
    if (isUnsupported(error)) {
      return this.finish(this.stage.play.license === null ? 'unsupported' : 'locked');
    }
    this.trouble = troubleOfDrmError(error);
    this.again();
  }

  // After a fatal error: a fresh play, and from the beginning.
  private again(): void {
    if (this.stopped || this.over || this.state === 'ended') return;
    this.setState(this.latency === null ? 'waiting' : 'gap');
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.renew(), kRetryMs * (0.5 + Math.random()));
  }

  private async renew(): Promise<void> {
    try {
      const play = await this.hooks.renew();
      this.stage.play = play;
      if (!this.stopped) await this.load(this.address(play));
    } catch (error) {
      const final = error instanceof Refusal ? stateOfRefusal(error) : null;
      if (final) this.finish(final);
      else this.again();
    }
  }

  private finish(state: State): void {
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.setState(state);
    this.over = true;
  }

  private readonly onEnded = (): void => this.setState('ended');

  private tick(): void {
    if (this.state === 'playing' && performance.now() - this.movedAt > kQuietMs) {
      if (!this.stage.video.paused) this.setState('gap');
    }
    this.unstick();
  }

  // WebKitGTK now and then stands still for ever at the first seek.
  private unstick(): void {
    const { video } = this.stage;
    const now = performance.now();
    if (video.paused || video.currentTime !== this.lastTime || this.bufferSeconds() < 1) {
      this.lastTime = video.currentTime;
      this.runsAt = now;
      this.nudged = false;
    } else if (now - this.runsAt > 2 * this.stuckMs) {
      this.runsAt = now;
      this.stuckMs = Math.min(2 * this.stuckMs, kStuckMaxMs);
      this.again();
    } else if (now - this.runsAt > this.stuckMs && !this.nudged) {
      this.nudged = true;
      video.currentTime += 0.1;
      this.lastTime = video.currentTime;
    }
  }

  private bufferSeconds(): number {
    const { buffered, currentTime } = this.stage.video;
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : currentTime;
    return Math.max(0, end - currentTime);
  }

  private onFrame(mediaTime: number): void {
    const now = performance.now();
    this.movedAt = now;
    this.stuckMs = kStuckMs;
    this.trouble = null;
    this.setState('playing');
    const epoch = this.filter.epochAt(mediaTime);
    if (epoch === null) return;
    this.latency = this.stage.clock.now() - (epoch + mediaTime);
    this.latencies.add(this.latency);
  }

  private setState(wanted: State): void {
    const state = told(wanted, this.trouble);
    if (this.over || state === this.state) return;
    this.state = state;
    this.hooks.changed(state);
  }
}

function captionOf(track: shakaNamespace.extern.TextTrack): CaptionTrack {
  const language = track.language === 'und' ? '' : track.language;
  const channel = /^(CC\d|svc\d+)$/.exec(track.originalTextId ?? '')?.[1];
  return { id: channel ?? language, language };
}

// The first is the one that playlist or manifest call the main one.
function soundOf(track: shakaNamespace.extern.AudioTrack): SoundTrack {
  const language = track.language === 'und' ? '' : track.language;
  return { id: track.primary ? 'first' : 'second', language };
}

async function loadShaka(): Promise<Shaka> {
  const { default: shaka } = await import('shaka-player/dist/shaka-player.compiled-es2021.js');
  shaka.polyfill.installAll();
  return shaka;
}

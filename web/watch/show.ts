// One visit to a channel, without any drawing: asks for a play, picks the player, starts again when
// the server was away, and tells the page what to say.
//
// Flow: start() -> PlaySource -> channel info -> Player -> states -> page
// Limits: one player at a time; attempts are spaced by a jittered back-off up to 8 s.

import { startPlaying, type Started } from '../player/autoplay';
import type { CaptionTrack } from '../player/captions';
import { choosePlayer } from '../player/choose';
import { JpegPlayer } from '../player/jpeg_player';
import { offersFairPlay } from '../player/keys';
import { backOffMs, stateOfRefusal } from '../player/line';
import { hasMediaSource } from '../player/media_source';
import { NativePlayer } from '../player/native_player';
import type { Player, PlayerHooks, PlayerName, Stage, State, Stats } from '../player/player';
import type { Quality } from '../player/quality';
import { ServerClock } from '../player/server_clock';
import type { Heard, SoundTrack } from '../player/sounds';
import { ShakaPlayer } from '../player/shaka_player';
import { WebSocketPlayer } from '../player/websocket_player';
import { asRefusal, Refusal } from '../server/ask';
import type { ChannelInfo, Play } from '../server/plays';
import type { PlaySource } from './sources';

const kInfoMs = 5000; // viewer count and live badge
const kTouches = ['pointerdown', 'keydown', 'click'] as const;
const kTouchMs = 1000; // what happens so soon after a touch was meant
const kResumeMs = 250; // after a pause that nobody asked for
const kMissingRetryMs = 4000; // the broadcast has not begun: look again
const kBeatMs = 30_000; // tells the server that the play is still there
const kWhyStates: State[] = ['refused', 'elsewhere', 'ended', 'token'];

export interface ShowHooks {
  state(state: State): void;
  info(info: ChannelInfo): void;
  player(name: PlayerName): void;
  slate(shown: boolean): void;
  started(how: 'sound' | 'muted' | 'blocked'): void;
  captions?(tracks: CaptionTrack[]): void;
  sounds?(tracks: SoundTrack[]): void;
  unreachable(yes: boolean): void;
  refused?(refusal: Refusal): void; // the words behind the state
}

export class Show {
  private player: Player | null = null;
  private playerName: PlayerName = 'ws';
  play: Play | null = null; // the running one
  private state: State = 'connecting';
  private info: ChannelInfo;
  private readonly clock = new ServerClock();
  private failures = 0;
  private timer = 0;
  private infoTimer = 0;
  private beatTimer = 0;
  private resumeTimer = 0;
  private touchedAt: number | null = null; // by a hand: then a pause is meant
  private wasMuted = false;
  private stopped = false;
  private captions: string | null = null;
  private heard: Heard = 'first';

  constructor(
    private source: PlaySource,
    private readonly video: HTMLVideoElement,
    private readonly canvas: HTMLCanvasElement,
    private readonly hooks: ShowHooks,
    private quality: Quality = 'auto',
  ) {
    this.info = source.guess;
  }

  start(): void {
    this.video.addEventListener('pause', this.onPause);
    this.video.addEventListener('volumechange', this.onVolume);
    for (const event of kTouches) addEventListener(event, this.onTouch, { capture: true });
    void this.clock.measure();
    void this.attempt();
    this.infoTimer = window.setInterval(() => void this.refreshInfo(), kInfoMs);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.infoTimer);
    clearInterval(this.beatTimer);
    clearTimeout(this.resumeTimer);
    this.video.removeEventListener('pause', this.onPause);
    this.video.removeEventListener('volumechange', this.onVolume);
    for (const event of kTouches) removeEventListener(event, this.onTouch, { capture: true });
    this.endPlayer();
    if (this.play) this.source.end(this.play);
    this.play = null;
  }

  // A token was given, doors have opened, or the viewer wants the show on this device.
  again(source: PlaySource = this.source): void {
    this.source = source;
    this.play = null;
    this.endPlayer();
    clearTimeout(this.timer);
    this.setState('connecting');
    void this.attempt();
  }

  setQuality(quality: Quality): void {
    this.quality = quality;
    this.player?.choose(quality, this.info.renditions ?? []);
  }

  // The id of a CaptionTrack, whether it is there or not yet; null: none.
  setCaptions(captions: string | null): void {
    this.captions = captions;
    this.player?.read(captions);
  }

  setSound(sound: Heard): void {
    this.heard = sound;
    this.player?.hear(sound);
  }

  toLive(): void {
    this.player?.toLive();
  }

  // Call from a touch or key: browsers then allow sound.
  async touch(): Promise<void> {
    this.tell(await startPlaying(this.video));
  }

  private readonly onTouch = (): void => {
    this.touchedAt = performance.now();
  };

  // WebKit lets a picture with sound start and stops it some seconds later, when it notices that nobody
  // has touched the page; on a busy machine it does so more than once. Then it goes on without sound.
  private readonly onPause = (): void => {
    clearTimeout(this.resumeTimer);
    this.resumeTimer = window.setTimeout(() => void this.resume(), kResumeMs);
  };

  private async resume(): Promise<void> {
    if (this.touchedAt !== null || !this.video.paused || this.video.ended) return;
    this.video.muted = true;
    this.tell(await startPlaying(this.video));
  }

  // What was refused once may be allowed a moment later, without sound.
  private tell(how: Started): void {
    if (how === 'blocked') this.wasMuted = this.video.muted = false; // a touch will give sound
    if (how === 'interrupted' || how === 'blocked') this.onPause();
    if (how !== 'interrupted') this.hooks.started(how);
  }

  // WebKitGTK takes `muted` back whenever the rate changes, and where nobody has touched the page it then
  // stops the picture for having sound.
  private readonly onVolume = (): void => {
    const byHand = this.touchedAt !== null && performance.now() - this.touchedAt < kTouchMs;
    if (this.wasMuted && !this.video.muted && !byHand) {
      this.video.muted = true;
      this.player?.keepRate();
    }
    this.wasMuted = this.video.muted;
  };

  stats(): Stats {
    return (
      this.player?.stats() ?? {
        player: this.playerName,
        state: this.state,
        latencySeconds: null,
        medianLatencySeconds: null,
        decodedFrames: 0,
        droppedFrames: 0,
        gaps: 0,
        bitrate: 0,
        currentTime: 0,
        bufferSeconds: 0,
        width: 0,
        height: 0,
      }
    );
  }

  private async attempt(): Promise<void> {
    try {
      this.play = await this.source.start(this.play);
      await this.refreshInfo();
    } catch (error) {
      if (!this.stopped) this.onRefused(error);
      return;
    }
    if (this.stopped) return;
    this.failures = 0;
    this.hooks.unreachable(false);
    await this.begin(this.play);
  }

  private onRefused(error: unknown): void {
    const refusal = asRefusal(error);
    const state = stateOfRefusal(refusal);
    if (state) this.setState(state);
    this.hooks.refused?.(refusal);
    if (state && state !== 'missing') return;
    const full = refusal.status === 429 || refusal.status === 503;
    if (full) this.setState('full');
    this.hooks.unreachable(!state && !full);
    const delay = state ? kMissingRetryMs : backOffMs(++this.failures, Math.random());
    this.timer = window.setTimeout(
      () => void this.attempt(),
      Math.max(delay, refusal.retryAfterMs),
    );
  }

  private async begin(play: Play): Promise<void> {
    const wish = new URLSearchParams(location.search).get('player');
    const name = choosePlayer(wish, this.info, {
      mediaSource: hasMediaSource(),
      nativeHls: this.video.canPlayType('application/vnd.apple.mpegurl') !== '',
      fairPlay: await offersFairPlay(play.license),
    });
    if (this.stopped) return;
    this.playerName = name;
    this.hooks.player(name);
    const stage: Stage = { video: this.video, canvas: this.canvas, clock: this.clock, play };
    this.player = this.make(name, stage, {
      changed: (state) => this.onPlayerState(state),
      slate: (shown) => this.hooks.slate(shown),
      renew: () => this.renew(),
      ready: () => void this.touch(),
      captions: (tracks) => this.hooks.captions?.(tracks),
      sounds: (tracks) => this.hooks.sounds?.(tracks),
    });
    clearInterval(this.beatTimer);
    if (this.source.beat) {
      this.beatTimer = window.setInterval(
        () => void this.beat(),
        kBeatMs * (0.8 + Math.random() / 5),
      );
    }
    this.player.choose(this.quality, this.info.renditions ?? []);
    this.player.read(this.captions);
    this.player.hear(this.heard);
    await this.player.start();
  }

  // A play that was ended elsewhere says why: the player stops and the page tells.
  private async beat(): Promise<void> {
    if (!this.play || !this.source.beat) return;
    try {
      await this.source.beat(this.play);
    } catch (error) {
      const refusal = asRefusal(error);
      if (this.stopped || !this.player || !stateOfRefusal(refusal)) return;
      this.endPlayer();
      this.onRefused(refusal);
    }
  }

  private make(name: PlayerName, stage: Stage, hooks: PlayerHooks): Player {
    if (name === 'ws') return new WebSocketPlayer(stage, hooks);
    if (name === 'jpeg') return new JpegPlayer(stage, hooks);
    if (name === 'native') return new NativePlayer(stage, hooks);
    return new ShakaPlayer(stage, hooks, name, this.info.latency !== 'stable');
  }

  private async renew(): Promise<Play> {
    try {
      this.play = await this.source.start(this.play);
      return this.play;
    } catch (error) {
      this.hooks.refused?.(asRefusal(error));
      throw error;
    }
  }

  private onPlayerState(state: State): void {
    this.setState(state);
    if (kWhyStates.includes(state)) void this.beat();
    if (state === 'missing') {
      this.endPlayer();
      this.timer = window.setTimeout(() => void this.attempt(), kMissingRetryMs);
    }
  }

  private async refreshInfo(): Promise<void> {
    try {
      this.info = await this.source.info(this.play);
      if (this.stopped) return;
      this.hooks.info(this.info);
      this.player?.choose(this.quality, this.info.renditions ?? []); // the ladder may have come
    } catch {
      // Only words on the page depend on it.
    }
  }

  private endPlayer(): void {
    clearInterval(this.beatTimer);
    this.player?.stop();
    this.player = null;
  }

  private setState(state: State): void {
    this.state = state;
    this.hooks.state(state);
  }
}

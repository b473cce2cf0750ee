// Plays the CMAF chunks of /live/{channel}/ws on Media Source Extensions, at the live edge.
//
// Flow: Line -> init (text) -> init segment (binary) -> chunks -> one TrackBuffer per track -> <video>
// 1. The joint init segment is cut into one per track; chunks go to their track's buffer.
// 2. Media time is UTC. `epoch`, the first chunk's start, is subtracted by timestampOffset, so that
//    playing begins at 0 without a seek and epoch + currentTime is UTC again.
// 3. A new viewer gets up to a whole key-frame interval at once. Once there is a picture, playing goes to
//    `edge.target` seconds before the end of what arrived; from then on LiveEdge speeds, slows or jumps.
// 4. A hole is jumped over when the picture reaches it. A new init goes into the same buffers; when
//    the time line went backwards or the tracks changed, the media source is made anew.
// 5. A picture's duration is the server's guess; it is stretched so that an irregular camera or a still
//    screen leaves no hole. Firefox shows each picture until its end, so that there all would come so much
//    later: seen once, pictures are stretched by less. What has really arrived is kept in `ends`.
// 6. Of a protected channel, `init` names the keys; Keys asks for their licenses, those of the next period
//    among them, and the browser decrypts.
// 7. Another rendition begins at a key frame before the end of the old one, and replaces what overlaps.
// 8. The other sound too begins at a key frame before the end: from there it is put over the old one.
// 9. After a reconnect `after` asks for what is missing; chunks that are already here are skipped.
// Limits: player/track_buffer.ts.  Spec: DESIGN section 5, messages.

import { Bitrate, CaptureTimes, MedianWindow } from './latency';
import { CueTracks, type TimedCue } from './cue_tracks';
import { FramesShown, frameCounts } from './frames_shown';
import { isAnnounced, Keys, requestsFor, type Announced } from './keys';
import { Line, type TextMessage } from './line';
import { LiveEdge } from './live_edge';
import { canPlay, openSource } from './media_source';
import { mimeOf } from './mime';
import { readChunk, readInit, stretch, type Chunk, type Kind, type Track } from './mp4';
import type { Player, PlayerHooks, Stage, State, Stats } from './player';
import { bestFor, type Quality } from './quality';
import type { RenditionInfo } from '../server/plays';
import { kSecondName, type Heard } from './sounds';
import { TrackBuffer } from './track_buffer';

const kTickMs = 100; // live edge, holes, states
const kHoleSeconds = 0.5; // between two pictures: counted as a gap
const kStretchSeconds = 1; // so long a picture may stand; browsers bear twice that
const kShortStretchSeconds = 0.1; // where each stands until its end
const kBehindSeconds = 0.4; // a picture so far behind the playhead was not shown when it was due,
const kBehindPictures = 5; // and when so many are in a row, that is why
const kBackwardsSeconds = 0.5; // the time line went back: a new media source
const kReplaySeconds = 10; // after a reconnect the server may repeat so much
const kQuietMs = 1500; // no picture for so long: said on the page
const kStalledMs = 250; // the picture has not moved for so long
const kNoPictureMs = 1500; // so long the first picture is waited for before a seek
const kSeekMs = 1000; // a seek that takes longer has gone to where nothing is
const kSpentSeconds = 0.15; // browsers stop a little before the end of what they have
const kStuckMs = 3000; // not moving although there is enough: seek; twice that: begin again
const kPauseCutMs = 10_000; // paused for so long: the line is closed until play

interface Session {
  source: MediaSource;
  epoch: number; // seconds of UTC at currentTime 0
  buffers: Map<number, TrackBuffer>;
}

export class WebSocketPlayer implements Player {
  private readonly line: Line;
  private readonly edge = new LiveEdge();
  private readonly captures = new CaptureTimes();
  private readonly latencies = new MedianWindow();
  private readonly bitrate = new Bitrate();
  private readonly frames: FramesShown;
  private readonly keys: Keys;
  private readonly cues: CueTracks;
  private state: State = 'connecting';
  private session: Session | null = null;
  private opening = false;
  private early: Uint8Array[] = []; // chunks that came while the media source was opening
  private mime = '';
  private awaitInit = false;
  private initBytes: Uint8Array | null = null;
  private initIsNew = false; // no picture came since
  private wish = ''; // the best rendition that the viewer wants; empty: the channel's own
  private rendition = ''; // that comes
  private changing = false; // to another one, whose picture is not past the old one's end yet
  private heard: Heard = 'first'; // the viewer's wish
  private sound = ''; // that comes; empty: the only one
  private changingSound = false; // likewise
  private freshLine = false; // no init segment came on this connection
  private tracks: Track[] = [];
  private ends = new Map<number, { start: number; end: number }>(); // last chunk, seconds of UTC
  private positioned = false;
  private firstChunkAt = 0;
  private lastPictureAt = 0;
  private lastTime = -1; // currentTime at the last tick that saw it move
  private movedAt = 0;
  private latency: number | null = null;
  private stretch = kStretchSeconds;
  private behind = 0; // pictures in a row that were shown late
  private gaps = 0;
  private gapAnnounced = false;
  private stalled = false;
  private timer = 0;
  private pausedSince = 0;
  private cut = false;
  private finished = false; // what is left is shown first
  private over = false; // nothing more is shown, or said

  constructor(
    private readonly stage: Stage,
    private readonly hooks: PlayerHooks,
  ) {
    this.line = new Line(stage.play.ws, {
      query: () => this.query(),
      renew: async () => (stage.play = await hooks.renew()).ws,
      opened: () => {
        this.freshLine = true;
        if (!this.positioned) this.setState('waiting');
      },
      text: (message) => this.onText(message),
      binary: (bytes) => this.onBinary(new Uint8Array(bytes)),
      lost: () => (this.awaitInit = false),
      over: (state) => this.onOver(state),
    });
    this.keys = new Keys(
      stage.video,
      () => stage.play,
      (state) => this.onOver(state),
      () => this.onKeysChanged(),
    );
    this.cues = new CueTracks(stage.video, (tracks) => hooks.captions(tracks));
    this.frames = new FramesShown(stage.video, (mediaTime) => this.onFrame(mediaTime));
  }

  async start(): Promise<void> {
    this.stage.video.addEventListener('waiting', this.onStall);
    this.line.start();
    this.timer = window.setInterval(() => this.tick(), kTickMs);
  }

  stop(): void {
    this.stage.video.removeEventListener('waiting', this.onStall);
    this.line.stop();
    this.frames.stop();
    clearInterval(this.timer);
    this.session = null;
    this.stage.video.playbackRate = 1;
    this.stage.video.removeAttribute('src');
    this.stage.video.load();
    this.keys.stop();
    this.cues.stop();
  }

  stats(): Stats {
    const { video } = this.stage;
    const { decoded, dropped } = frameCounts(video);
    return {
      player: 'ws',
      state: this.state,
      latencySeconds: this.latency,
      medianLatencySeconds: this.latencies.median(),
      decodedFrames: decoded,
      droppedFrames: dropped,
      gaps: this.gaps,
      bitrate: this.bitrate.bitsPerSecond(performance.now()),
      currentTime: video.currentTime,
      bufferSeconds: Math.max(0, this.ahead() ?? 0),
      width: video.videoWidth,
      height: video.videoHeight,
      keySystem: this.keys.systemName(),
    };
  }

  keepRate(): void {
    this.edge.keepRate();
    if (this.stage.video.playbackRate !== 1) this.stage.video.playbackRate = 1;
  }

  read(captions: string | null): void {
    this.cues.read(captions);
  }

  choose(quality: Quality, renditions: RenditionInfo[]): void {
    const wish = quality === 'auto' ? '' : (bestFor(quality, renditions)?.name ?? '');
    if (wish === this.wish) return;
    this.wish = wish;
    this.line.send({ type: 'rendition', name: wish });
  }

  hear(sound: Heard): void {
    if (sound === this.heard) return;
    this.heard = sound;
    this.line.send({ type: 'sound', name: this.soundName() });
  }

  toLive(): void {
    const end = this.commonEnd();
    if (end === null || !this.positioned) return;
    this.stage.video.currentTime = Math.max(0, end - this.edge.target);
    this.edge.forget();
  }

  // --- from the line ---

  private query(): Record<string, string> {
    const last = this.ends.get(this.leading()?.id ?? 0);
    return {
      ...(last ? { after: String(Math.round(last.end * 1e6)) } : {}),
      ...(this.wish ? { rendition: this.wish } : {}),
      ...(this.soundName() ? { sound: this.soundName() } : {}),
    };
  }

  private soundName(): string {
    return this.heard === 'second' ? kSecondName : '';
  }

  private onText(message: TextMessage): void {
    if (message.type === 'init') {
      this.mime = String(message.mime ?? '');
      const rendition = String(message.rendition ?? '');
      this.changing = rendition !== this.rendition;
      this.rendition = rendition;
      const sound = String(message.sound ?? '');
      this.changingSound = sound !== this.sound && this.session !== null;
      this.sound = sound;
      this.tellSounds(message.sounds);
      this.awaitInit = true;
      if (isAnnounced(message.protection)) this.askForKeys(message.protection);
    } else if (message.type === 'gap') {
      this.gaps++;
      this.gapAnnounced = true;
    } else if (message.type === 'slate') {
      this.hooks.slate(message.on === true);
    } else if (message.type === 'cue') {
      this.cues.add(cueOf(message));
    } else if (message.type === 'end') {
      this.finished = true;
    }
  }

  private tellSounds(sounds: unknown): void {
    const all = Array.isArray(sounds) ? (sounds as { name: string; language: string }[]) : [];
    this.hooks.sounds(
      all.map(({ name, language }) => ({
        id: name === kSecondName ? 'second' : 'first',
        language: String(language),
      })),
    );
  }

  private askForKeys(announced: Announced): void {
    const of = (kind: Kind): MediaKeySystemMediaCapability[] => {
      const contentType = mimeOf(this.mime, kind);
      const { scheme: encryptionScheme } = announced;
      return contentType ? [{ contentType, encryptionScheme }] : [];
    };
    void this.keys.ask(requestsFor(announced), {
      initDataTypes: ['keyids', 'cenc'],
      videoCapabilities: of('video'),
      audioCapabilities: of('audio'),
    });
  }

  private onBinary(bytes: Uint8Array): void {
    this.bitrate.add(performance.now(), bytes.byteLength);
    try {
      if (this.awaitInit) {
        this.awaitInit = false;
        this.onInit(bytes);
      } else if (this.opening) {
        this.early.push(bytes);
      } else {
        this.onChunk(bytes);
      }
    } catch {
      // One unreadable message is skipped: the next key frame mends the picture.
    }
  }

  private onInit(bytes: Uint8Array): void {
    const reconnected = this.freshLine;
    this.freshLine = false;
    if (this.initBytes && equal(bytes, this.initBytes)) {
      // Said again on the same line, and not for another sound of the same form: the time line broke.
      this.initIsNew = !reconnected && !this.changingSound;
      return;
    }
    const tracks = readInit(bytes).filter((track) => mimeOf(this.mime, track.kind) !== null);
    if (!tracks.every((track) => canPlay(mimeOf(this.mime, track.kind)!))) {
      this.onOver('unsupported');
      return;
    }
    const same = sameTracks(tracks, this.tracks);
    this.tracks = tracks;
    this.initBytes = bytes;
    if (this.session && same) this.fillInits(this.session);
    else this.endSession();
    // It begins at the key frame before: that is put over what is here, not taken for a broken time line.
    if (this.changing || this.changingSound) this.initIsNew = false;
  }

  private onChunk(bytes: Uint8Array): void {
    const chunk = readChunk(bytes, this.tracks);
    const track = this.tracks.find((candidate) => candidate.id === chunk.track)!;
    const start = chunk.start / track.timescale;
    const end = (chunk.start + chunk.duration) / track.timescale;
    const before = this.ends.get(track.id);
    if (before && start <= before.start) {
      const again = !this.initIsNew && start > before.start - kReplaySeconds;
      if (again) {
        // Here already: the server went back to a key frame for us.
        const replaces = track.kind === 'video' ? this.changing : this.changingSound;
        if (replaces) this.session?.buffers.get(track.id)?.append(bytes);
        return;
      }
      if (start < before.end - kBackwardsSeconds) this.endSession();
    }
    if (!this.session) {
      if (!chunk.key && track.kind === 'video') return;
      this.early = [bytes];
      void this.openSession(start);
      return;
    }
    if (track.kind === 'video') this.changing = false;
    else this.changingSound = false;
    if (track === this.leading()) this.note(chunk, track, start, before?.end);
    this.ends.set(track.id, { start, end });
    if (this.positioned && !this.stage.video.paused) {
      const due = start - this.session.epoch - this.stage.video.currentTime;
      this.edge.observe(performance.now(), due);
    }
    if (track.kind === 'video') stretch(bytes, chunk, this.stretch * track.timescale);
    this.session.buffers.get(track.id)?.append(bytes);
  }

  private note(chunk: Chunk, track: Track, start: number, before: number | undefined): void {
    const now = performance.now();
    this.initIsNew = false;
    this.lastPictureAt = now;
    if (this.firstChunkAt === 0) this.firstChunkAt = now;
    if (before !== undefined && start - before > kHoleSeconds) {
      if (!this.gapAnnounced) this.gaps++;
      this.gapAnnounced = false;
    } else if (this.stalled) {
      this.edge.stalled(now);
    }
    this.stalled = false;
    if (chunk.prft && chunk.prft.capturedMicros > 0) {
      this.captures.add(chunk.prft.mediaTime / track.timescale, chunk.prft.capturedMicros / 1e6);
    }
  }

  private onOver(state: State): void {
    if (state === 'ended') {
      this.finished = true;
      return; // tick() shows the rest first
    }
    clearInterval(this.timer);
    this.line.stop();
    this.setState(state);
    this.over = true;
  }

  // The rest is tick()'s, once there was a picture.
  private onKeysChanged(): void {
    if (!this.positioned && !this.finished) this.setState('waiting');
  }

  // --- media source ---

  private async openSession(firstStart: number): Promise<void> {
    this.opening = true;
    const source = await openSource(this.stage.video);
    source.duration = Infinity; // or WebKit takes the newest picture for the last one, and pauses there
    const session: Session = { source, epoch: firstStart, buffers: new Map() };
    for (const track of this.tracks) {
      const mime = mimeOf(this.mime, track.kind)!;
      const buffer = new TrackBuffer(source.addSourceBuffer(mime), mime, {
        updated: () => this.tick(),
        failed: () => this.restart(session),
        playhead: () => this.stage.video.currentTime,
      });
      buffer.offset(-session.epoch);
      session.buffers.set(track.id, buffer);
    }
    this.session = session;
    this.cues.place(session.epoch);
    this.fillInits(session);
    this.positioned = false;
    this.opening = false;
    const early = this.early;
    this.early = [];
    for (const bytes of early) this.onBinary(bytes);
    this.hooks.ready();
  }

  private fillInits(session: Session): void {
    this.initIsNew = true;
    for (const track of this.tracks) {
      session.buffers.get(track.id)?.begin(mimeOf(this.mime, track.kind)!, track.init);
    }
  }

  private endSession(): void {
    this.session = null;
    this.positioned = false;
    this.firstChunkAt = 0;
    this.ends.clear();
    this.captures.clear();
    this.edge.forget();
  }

  // The browser refused bytes: begin again with the next key frame.
  private restart(session: Session): void {
    if (session !== this.session) return;
    this.gaps++;
    this.endSession();
  }

  // --- the live edge ---

  // Whether the line was late or the picture itself had a hole shows when the next picture comes.
  private readonly onStall = (): void => {
    if (this.positioned && !this.stage.video.seeking) this.stalled = true;
  };

  private tick(): void {
    if (this.over) return; // bytes that a buffer took late: what comes no more is not a gap
    if (!this.session) {
      this.tellState();
      return;
    }
    this.seeMovement();
    this.pauseOrResume();
    this.position();
    this.follow();
    this.tellState();
    for (const buffer of this.session?.buffers.values() ?? []) buffer.trim();
  }

  private position(): void {
    if (this.positioned) return;
    const end = this.commonEnd();
    const start = this.commonStart();
    if (end === null || start === null || end <= start) return;
    const waited = performance.now() - this.firstChunkAt;
    if (waited < 100 || (end - start < this.edge.target && waited < 1000)) return;
    // WebKitGTK stands still for ever when it is told to seek before it has a picture.
    if (this.stage.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA && waited < kNoPictureMs)
      return;
    this.stage.video.currentTime = Math.max(start, end - this.edge.target);
    this.positioned = true;
    this.edge.began(performance.now());
  }

  private follow(): void {
    const { video } = this.stage;
    if (!this.positioned || video.paused) return;
    const now = performance.now();
    const still = now - this.movedAt;
    if (video.seeking && still < kSeekMs) return;
    if (still > kStalledMs && this.jumpHole()) return;
    if (still > kStuckMs && (this.ahead() ?? 0) > 1) {
      if (still > 2 * kStuckMs) this.restart(this.session!);
      else this.toLive();
      return;
    }
    const { rate, jump } = this.edge.decide(now);
    if (jump) this.toLive();
    if (Math.abs(video.playbackRate - rate) > 0.004) video.playbackRate = rate;
  }

  private seeMovement(): void {
    const { video } = this.stage;
    if (video.currentTime === this.lastTime && !video.paused) return;
    this.lastTime = video.currentTime;
    this.movedAt = performance.now();
  }

  // To where every track goes on; false when one of them has nothing yet.
  private jumpHole(): boolean {
    const at = this.stage.video.currentTime;
    let next = -Infinity;
    for (const buffer of this.session!.buffers.values()) {
      const spent = (buffer.endFrom(at) ?? at) - at < kSpentSeconds;
      const start = spent ? buffer.nextStart(at) : at;
      if (start === null) return false;
      next = Math.max(next, start);
    }
    if (next <= at) return false;
    this.stage.video.currentTime = next + 0.01;
    this.edge.forget();
    return true;
  }

  // Seconds in hand on every track; null before the first picture.
  private ahead(): number | null {
    const end = this.commonEnd();
    return end === null ? null : end - this.stage.video.currentTime;
  }

  // Until where every track has arrived.
  private commonEnd(): number | null {
    const ends = [...(this.session?.buffers.keys() ?? [])].map((id) => this.ends.get(id)?.end);
    if (ends.length === 0 || ends.includes(undefined)) return null;
    return Math.min(...(ends as number[])) - this.session!.epoch;
  }

  private commonStart(): number | null {
    const starts = [...(this.session?.buffers.values() ?? [])].map((b) => b.nextStart(-1));
    return starts.length === 0 || starts.includes(null) ? null : Math.max(...(starts as number[]));
  }

  // The picture; the sound where there is no picture.
  private leading(): Track | undefined {
    return this.tracks.find((track) => track.kind === 'video') ?? this.tracks[0];
  }

  private pauseOrResume(): void {
    const { video } = this.stage;
    const now = performance.now();
    if (!video.paused || !this.positioned) {
      this.pausedSince = 0;
      if (this.cut) {
        this.cut = false;
        this.endSession();
        this.line.start();
      }
    } else if (this.pausedSince === 0) {
      this.pausedSince = now;
    } else if (!this.cut && now - this.pausedSince > kPauseCutMs) {
      this.cut = true;
      this.line.stop();
    }
  }

  // --- what the page says ---

  private tellState(): void {
    const { video } = this.stage;
    const now = performance.now();
    if (this.finished && now - this.movedAt > 2 * kStalledMs) {
      this.line.stop();
      this.setState('ended');
    } else if (this.positioned && !this.cut) {
      const quiet = now - this.lastPictureAt > kQuietMs && (this.ahead() ?? 0) < kSpentSeconds;
      if (quiet || now - this.movedAt > kQuietMs) this.setState('gap');
      else if (video.readyState >= 2) this.setState('playing');
    }
  }

  private onFrame(mediaTime: number): void {
    if (!this.session || this.stage.video.seeking) return;
    this.behind = this.stage.video.currentTime - mediaTime > kBehindSeconds ? this.behind + 1 : 0;
    if (this.behind >= kBehindPictures) this.stretch = kShortStretchSeconds;
    const captured = this.captures.at(mediaTime + this.session.epoch);
    this.latency = this.stage.clock.now() - captured;
    this.latencies.add(this.latency);
  }

  private setState(wanted: State): void {
    const state = this.keys.instead(wanted);
    if (this.over || state === this.state) return;
    this.state = state;
    this.hooks.changed(state);
  }
}

const cueOf = (message: TextMessage): TimedCue => ({
  language: String(message.language ?? ''),
  start: Number(message.start) / 1e6,
  end: Number(message.end) / 1e6,
  text: String(message.text ?? ''),
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}

function sameTracks(a: Track[], b: Track[]): boolean {
  return (
    a.length === b.length &&
    a.every((track, i) => b[i]!.id === track.id && b[i]!.kind === track.kind)
  );
}

// Shows the JPEGs of a channel on a canvas, newest first: while one is being decoded only the newest
// arrival waits, so the picture is never older than one decode.
// Flow: Line (format=jpeg) -> createImageBitmap -> canvas, on the next animation frame

import { capturedMicros } from './jpeg';
import { Bitrate, MedianWindow } from './latency';
import { Line } from './line';
import type { Player, PlayerHooks, Stage, State, Stats } from './player';

const kQuietMs = 1500;

export class JpegPlayer implements Player {
  private readonly line: Line;
  private readonly bitrate = new Bitrate();
  private readonly latencies = new MedianWindow();
  private readonly pen: CanvasRenderingContext2D | null;
  private state: State = 'connecting';
  private newest: ArrayBuffer | null = null;
  private decoding = false;
  private decoded = 0;
  private dropped = 0;
  private gaps = 0;
  private latency: number | null = null;
  private lastAt = 0;
  private startedAt = 0;
  private timer = 0;

  constructor(
    private readonly stage: Stage,
    private readonly hooks: PlayerHooks,
  ) {
    this.pen = stage.canvas.getContext('2d', { alpha: false, desynchronized: true });
    this.line = new Line(stage.play.ws, {
      query: () => ({ format: 'jpeg' }),
      renew: async () => (await hooks.renew()).ws,
      opened: () => this.setState('waiting'),
      text: (message) => {
        if (message.type === 'gap') this.gaps++;
        if (message.type === 'slate') hooks.slate(message.on === true);
        if (message.type === 'end') this.setState('ended');
      },
      binary: (bytes) => this.onPicture(bytes),
      lost: () => undefined,
      over: (state) => this.setState(state),
    });
  }

  async start(): Promise<void> {
    this.line.start();
    this.timer = window.setInterval(() => this.tick(), 250);
  }

  stop(): void {
    this.line.stop();
    clearInterval(this.timer);
  }

  read(): void {}
  hear(): void {}
  choose(): void {} // there is one kind of picture

  toLive(): void {}
  keepRate(): void {}

  stats(): Stats {
    return {
      player: 'jpeg',
      state: this.state,
      latencySeconds: this.latency,
      medianLatencySeconds: this.latencies.median(),
      decodedFrames: this.decoded,
      droppedFrames: this.dropped,
      gaps: this.gaps,
      bitrate: this.bitrate.bitsPerSecond(performance.now()),
      currentTime: this.startedAt ? (this.lastAt - this.startedAt) / 1000 : 0,
      bufferSeconds: 0,
      width: this.stage.canvas.width,
      height: this.stage.canvas.height,
    };
  }

  private onPicture(bytes: ArrayBuffer): void {
    const now = performance.now();
    this.bitrate.add(now, bytes.byteLength);
    if (!this.startedAt) this.startedAt = now;
    this.lastAt = now;
    if (this.newest) this.dropped++;
    this.newest = bytes;
    if (!this.decoding) void this.show();
  }

  private async show(): Promise<void> {
    this.decoding = true;
    for (let bytes = this.take(); bytes; bytes = this.take()) {
      const captured = capturedMicros(new Uint8Array(bytes));
      try {
        const picture = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
        this.draw(picture);
        if (captured !== null) {
          this.latency = this.stage.clock.now() - captured / 1e6;
          this.latencies.add(this.latency);
        }
      } catch {
        this.dropped++; // not a picture this browser can read
      }
    }
    this.decoding = false;
  }

  private take(): ArrayBuffer | null {
    const bytes = this.newest;
    this.newest = null;
    return bytes;
  }

  private draw(picture: ImageBitmap): void {
    const { canvas } = this.stage;
    if (canvas.width !== picture.width) canvas.width = picture.width;
    if (canvas.height !== picture.height) canvas.height = picture.height;
    this.pen?.drawImage(picture, 0, 0);
    picture.close();
    this.decoded++;
    this.setState('playing');
  }

  private tick(): void {
    if (this.state === 'playing' && performance.now() - this.lastAt > kQuietMs)
      this.setState('gap');
  }

  private setState(state: State): void {
    if (state === this.state) return;
    this.state = state;
    this.hooks.changed(state);
  }
}

// One JPEG per message, each with its capture time: the lowest delay, without sound.
// Never more than one picture is being compressed, and none while the socket has a backlog.

import { withCaptureTime } from '../player/jpeg';
import type { Feed, FeedHooks } from './feed';

const kPicturesPerSecond = 20;
const kQuality = 0.75; // 0 to 1, the browser's scale
const kBacklogMax = 256 * 1024; // bytes in the socket above which a picture is skipped

export class JpegFeed implements Feed {
  private readonly video = document.createElement('video');
  private readonly canvas = document.createElement('canvas');
  private timer = 0;
  private busy = false;
  private stopped = false;

  constructor(
    stream: MediaStream,
    private readonly height: number,
    private readonly hooks: FeedHooks,
  ) {
    this.video.srcObject = new MediaStream(stream.getVideoTracks());
    this.video.muted = true;
    this.video.playsInline = true;
  }

  start(): void {
    void this.video.play().catch(() => this.hooks.failed());
    this.timer = window.setInterval(() => void this.shoot(), 1000 / kPicturesPerSecond);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.video.srcObject = null;
  }

  keyFrame(): void {} // every picture is one

  private async shoot(): Promise<void> {
    const { video, canvas } = this;
    if (this.busy || video.videoWidth === 0) return;
    if (this.hooks.backlog() > kBacklogMax) {
      this.hooks.skipped();
      return;
    }
    this.busy = true;
    const scale = Math.min(1, this.height / video.videoHeight);
    canvas.width = Math.round(video.videoWidth * scale) & ~1;
    canvas.height = Math.round(video.videoHeight * scale) & ~1;
    const captured = (performance.timeOrigin + performance.now()) * 1000;
    canvas.getContext('2d', { alpha: false })?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) =>
      canvas.toBlob(done, 'image/jpeg', kQuality),
    );
    const bytes = blob ? new Uint8Array(await blob.arrayBuffer()) : null;
    this.busy = false;
    if (bytes && !this.stopped) this.hooks.piece(withCaptureTime(bytes, Math.round(captured)));
  }
}

// Tells which media time is on the screen, per frame where the browser says it.

export class FramesShown {
  private handle = 0;
  private stopped = false;
  private timer = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly shown: (mediaTime: number) => void,
  ) {
    if ('requestVideoFrameCallback' in video) this.ask();
    else this.timer = window.setInterval(() => this.poll(), 100);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    if (this.handle) this.video.cancelVideoFrameCallback(this.handle);
  }

  private ask(): void {
    this.handle = this.video.requestVideoFrameCallback((_now, frame) => {
      if (this.stopped) return;
      this.shown(frame.mediaTime);
      this.ask();
    });
  }

  private poll(): void {
    if (!this.video.paused && this.video.readyState >= 3) this.shown(this.video.currentTime);
  }
}

export function frameCounts(video: HTMLVideoElement): { decoded: number; dropped: number } {
  const quality = video.getVideoPlaybackQuality?.();
  return { decoded: quality?.totalVideoFrames ?? 0, dropped: quality?.droppedVideoFrames ?? 0 };
}

// How old is the picture on the screen? Pure: numbers in, numbers out.

// Remembers which capture time belongs to which media time, from `prft`, so that the age of the very
// frame that is shown can be told, not of the last one received.
export class CaptureTimes {
  private marks: { media: number; captured: number }[] = []; // seconds of UTC, ascending by media

  add(mediaSeconds: number, capturedSeconds: number): void {
    const last = this.marks[this.marks.length - 1];
    if (last && mediaSeconds <= last.media) {
      this.marks = this.marks.filter((mark) => mark.media < mediaSeconds);
    }
    this.marks.push({ media: mediaSeconds, captured: capturedSeconds });
    if (this.marks.length > 1200) this.marks.splice(0, 600); // 40 s of 30 frames a second
  }

  // Capture time of what is shown at `mediaSeconds`. Without marks the media time itself, because
  // the server's time line is UTC.
  at(mediaSeconds: number): number {
    let low = 0;
    let high = this.marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.marks[middle]!.media <= mediaSeconds) low = middle + 1;
      else high = middle;
    }
    const mark = this.marks[Math.max(0, low - 1)];
    return mark ? mark.captured + (mediaSeconds - mark.media) : mediaSeconds;
  }

  clear(): void {
    this.marks = [];
  }
}

// Median over the newest values.
export class MedianWindow {
  private values: number[] = [];
  constructor(private readonly size = 300) {}

  add(value: number): void {
    this.values.push(value);
    if (this.values.length > this.size) this.values.shift();
  }

  median(): number | null {
    if (this.values.length === 0) return null;
    const sorted = [...this.values].sort((a, b) => a - b);
    return sorted[sorted.length >> 1]!;
  }

  clear(): void {
    this.values = [];
  }
}

// Bits per second over the last five seconds.
export class Bitrate {
  private arrivals: { at: number; bytes: number }[] = [];

  add(nowMs: number, bytes: number): void {
    this.arrivals.push({ at: nowMs, bytes });
    this.trim(nowMs);
  }

  bitsPerSecond(nowMs: number): number {
    this.trim(nowMs);
    const first = this.arrivals[0];
    if (!first) return 0;
    const bytes = this.arrivals.reduce((sum, arrival) => sum + arrival.bytes, 0);
    return (bytes * 8000) / Math.max(500, nowMs - first.at);
  }

  private trim(nowMs: number): void {
    while (this.arrivals[0] && this.arrivals[0].at < nowMs - 5000) this.arrivals.shift();
  }
}

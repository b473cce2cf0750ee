// One track's SourceBuffer with a queue in front: bytes that arrive while the browser is busy are
// joined into one append; what has been watched is removed.

import { join } from './mp4';

const kAppendMax = 1 << 20; // bytes joined into one append
const kQueueMax = 16 << 20; // bytes waiting; more means the browser does not take them at all
const kKeepBehind = 10; // seconds kept behind the picture

type Job =
  | { do: 'append'; bytes: Uint8Array }
  | { do: 'change'; mime: string }
  | { do: 'remove'; from: number; to: number }
  | { do: 'offset'; seconds: number };

export class TrackBuffer {
  private jobs: Job[] = [];
  private waiting = 0; // bytes in jobs
  private mime: string;

  constructor(
    private readonly buffer: SourceBuffer,
    mime: string,
    private readonly hooks: { updated(): void; failed(): void; playhead(): number },
  ) {
    this.mime = mime;
    buffer.mode = 'segments';
    buffer.addEventListener('updateend', () => {
      hooks.updated();
      this.work();
    });
    buffer.addEventListener('error', () => hooks.failed());
  }

  append(bytes: Uint8Array): void {
    this.waiting += bytes.byteLength;
    if (this.waiting > kQueueMax) {
      this.hooks.failed();
      return;
    }
    this.add({ do: 'append', bytes });
  }

  // A new init segment, perhaps of another codec.
  begin(mime: string, init: Uint8Array): void {
    if (mime !== this.mime) this.add({ do: 'change', mime });
    this.mime = mime;
    this.append(init);
  }

  offset(seconds: number): void {
    this.add({ do: 'offset', seconds });
  }

  // End of what is buffered without a hole from `at`; null when `at` is not buffered.
  endFrom(at: number): number | null {
    const ranges = this.ranges();
    for (let i = 0; i < ranges.length; i++) {
      if (ranges.start(i) <= at + 0.05 && at < ranges.end(i)) return ranges.end(i);
    }
    return null;
  }

  // Where the first range after `at` starts.
  nextStart(at: number): number | null {
    const ranges = this.ranges();
    for (let i = 0; i < ranges.length; i++) if (ranges.start(i) > at) return ranges.start(i);
    return null;
  }

  // Forgets what is more than `kKeepBehind` seconds behind the picture.
  trim(): void {
    const ranges = this.ranges();
    const until = this.hooks.playhead() - kKeepBehind;
    if (ranges.length > 0 && ranges.start(0) < until - kKeepBehind) {
      this.add({ do: 'remove', from: 0, to: until });
    }
  }

  idle(): boolean {
    return this.jobs.length === 0 && !this.buffer.updating;
  }

  private ranges(): TimeRanges {
    try {
      return this.buffer.buffered;
    } catch {
      return { length: 0, start: () => 0, end: () => 0 }; // taken off the source meanwhile
    }
  }

  private add(job: Job): void {
    this.jobs.push(job);
    this.work();
  }

  private work(): void {
    try {
      while (this.jobs.length > 0 && !this.buffer.updating) this.run(this.jobs.shift()!);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') this.makeRoom();
      else this.hooks.failed();
    }
  }

  private run(job: Job): void {
    if (job.do === 'change') this.buffer.changeType(job.mime);
    else if (job.do === 'remove') this.buffer.remove(job.from, job.to);
    else if (job.do === 'offset') this.buffer.timestampOffset = job.seconds;
    else this.buffer.appendBuffer(this.joined(job.bytes) as Uint8Array<ArrayBuffer>);
  }

  private joined(first: Uint8Array): Uint8Array {
    const pieces = [first];
    let size = first.byteLength;
    for (let next = this.jobs[0]; next?.do === 'append'; next = this.jobs[0]) {
      if (size + next.bytes.byteLength > kAppendMax) break;
      pieces.push(next.bytes);
      size += next.bytes.byteLength;
      this.jobs.shift();
    }
    this.waiting -= size;
    return pieces.length === 1 ? first : join(pieces);
  }

  // The browser is full although we trim: drop everything behind the picture, and the queue, which
  // goes on with the next key frame.
  private makeRoom(): void {
    this.jobs = [];
    this.waiting = 0;
    const until = this.hooks.playhead() - 1;
    if (until > 0) this.add({ do: 'remove', from: 0, to: until });
  }
}

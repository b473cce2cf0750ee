// The browser's own encoder: MediaRecorder in pieces of a twentieth of a second, H.264 where it can.

import type { Feed, FeedHooks } from './feed';

const kPieceMs = 50; // how long the recorder gathers before it hands over
const kKeyFrameMs = 2000; // the server's segments are so long
const kAudioBitrate = 128_000;
const kFirstPieceMin = 16; // bytes; enough to tell which container it is

// H.264 first: the server passes it on as it is; VP8 is the last resort and is encoded again there.
// WebM before MP4, because Chromium hands an MP4 over only once per key frame (tried with 156: pieces
// of 2 s however short the time slice), and WebM frame by frame. Safari has only MP4.
const kPicture = [
  'video/webm;codecs=h264',
  'video/webm;codecs=avc1',
  'video/mp4;codecs=avc1.64002a',
  'video/mp4;codecs=avc1.4d002a',
  'video/mp4;codecs=avc1.42002a',
  'video/mp4;codecs=avc1',
  'video/webm;codecs=vp8',
  'video/mp4',
  'video/webm',
];

// The container and codecs this browser records, best first; null when it records nothing.
export function recorderType(
  withSound: boolean,
  supported: (type: string) => boolean,
): string | null {
  for (const picture of kPicture) {
    if (!picture.includes('codecs=')) {
      if (supported(picture)) return picture;
      continue;
    }
    const sounds = !withSound
      ? ['']
      : picture.startsWith('video/mp4')
        ? [',opus', ',mp4a.40.2']
        : [',opus'];
    for (const sound of sounds) if (supported(picture + sound)) return picture + sound;
  }
  return null;
}

export function canRecord(): boolean {
  return (
    typeof MediaRecorder !== 'undefined' &&
    recorderType(true, (type) => MediaRecorder.isTypeSupported(type)) !== null
  );
}

export class RecorderFeed implements Feed {
  private recorder: MediaRecorder | null = null;

  constructor(
    private readonly stream: MediaStream,
    private readonly bitrate: number,
    private readonly hooks: FeedHooks,
  ) {}

  start(): void {
    const type = recorderType(this.stream.getAudioTracks().length > 0, (candidate) =>
      MediaRecorder.isTypeSupported(candidate),
    );
    if (!type) {
      this.hooks.failed();
      return;
    }
    const options: MediaRecorderOptions & { videoKeyFrameIntervalDuration: number } = {
      mimeType: type,
      videoBitsPerSecond: this.bitrate,
      audioBitsPerSecond: kAudioBitrate,
      videoKeyFrameIntervalDuration: kKeyFrameMs,
    };
    try {
      this.record(new MediaRecorder(this.stream, options));
    } catch {
      this.hooks.failed();
    }
  }

  stop(): void {
    const recorder = this.recorder;
    this.recorder = null;
    if (recorder && recorder.state !== 'inactive') recorder.stop();
  }

  // Browsers make one on demand only at the start of a recording: this one is finished, with its last
  // bytes, and the next container follows on the same connection.
  keyFrame(): void {
    const recorder = this.recorder;
    if (!recorder || recorder.state === 'inactive') return;
    recorder.onstop = () => {
      if (recorder === this.recorder) this.start();
    };
    recorder.stop();
  }

  private record(recorder: MediaRecorder): void {
    this.recorder = recorder;
    let held: Blob | null = new Blob(); // the first piece, until the container can be told from it
    recorder.ondataavailable = (event) => {
      if (recorder !== this.recorder || event.data.size === 0) return;
      const piece: Blob = held ? new Blob([held, event.data]) : event.data;
      held = held && piece.size < kFirstPieceMin ? piece : null;
      if (!held) this.hooks.piece(piece);
    };
    recorder.onerror = recorder.onstop = () => {
      if (recorder === this.recorder) this.hooks.failed();
    };
    recorder.start(kPieceMs);
  }
}

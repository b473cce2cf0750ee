// Turns a source into messages for the socket: a container in small pieces, or one JPEG each.
// A feed begins a fresh container every time it starts, so no connection begins in the middle of one.

export interface FeedHooks {
  // Bytes ready to be sent, in order.
  piece(bytes: Blob | Uint8Array<ArrayBuffer>): void;
  // Bytes that wait in the socket: a feed of pictures skips some, a container cannot.
  backlog(): number;
  skipped(): void;
  failed(): void;
}

export interface Feed {
  start(): void;
  stop(): void;
  // Makes the picture decodable from now on.
  keyFrame(): void;
}

export interface Quality {
  height: number;
  bitrate: number; // bits per second, picture
}

export const kQualities: readonly Quality[] = [
  { height: 1080, bitrate: 4_500_000 },
  { height: 720, bitrate: 2_500_000 },
  { height: 480, bitrate: 1_000_000 },
  { height: 360, bitrate: 600_000 },
];

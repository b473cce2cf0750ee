// The line from this tab to /ws: connects, greets, sends what the feed makes, and comes back after a
// loss with a fresh container and jittered back-off.
//
// Flow: MediaStream -> Feed -> WebSocket /ws?channel=NAME -> server
// 1. Subprotocols carry the token: butai.v1, bearer.TOKEN.
// 2. hello -> welcome; ack tells what arrived; instructions are answered with done.
// 3. A container that waits too long in the socket is not cut: the connection begins again with a
//    lower bit rate. Pictures are skipped one by one instead.
// Spec: DESIGN section 5, messages and close codes.

import { backOffMs } from '../player/line';
import type { Feed, FeedHooks } from './feed';
import { JpegFeed } from './jpeg_feed';
import { RecorderFeed } from './recorder_feed';

const kBacklogSeconds = 3; // of the wished bit rate, waiting in the socket
const kBacklogMin = 512 * 1024; // bytes
const kBitrateFloor = 250_000; // bits per second
const kStableMs = 5000; // connected so long: the next loss counts as the first

export type SendError =
  | 'token'
  | 'refused'
  | 'taken'
  | 'takenOver'
  | 'badMessage'
  | 'ended'
  | 'full'
  | 'lost'
  | 'recorder';

export type SendState = 'off' | 'connecting' | 'live' | 'reconnecting';

export interface SendOptions {
  channel: string;
  token: string;
  jpeg: boolean;
  height: number;
  bitrate: number;
}

export interface SendHooks {
  state(state: SendState, error: SendError | null): void;
}

export interface SendStats {
  bitrate: number; // bits per second handed to the socket, over the last second or so
  sent: number; // messages
  dropped: number;
  backlog: number; // bytes
}

const kFinal: Record<number, SendError> = {
  4400: 'badMessage',
  4401: 'token',
  4403: 'refused',
  4404: 'refused',
  4409: 'takenOver',
  4410: 'ended',
};

export class Sender {
  private socket: WebSocket | null = null;
  private feed: Feed | null = null;
  private options: SendOptions | null = null;
  private stream: MediaStream | null = null;
  private state: SendState = 'off';
  private resume: string | null = null;
  private failures = 0;
  private connectedAt = 0;
  private timer = 0;
  private bitrate = 0;
  private sent = 0;
  private dropped = 0;
  private window = { at: 0, bytes: 0, rate: 0 };
  private wasLive = false;

  constructor(private readonly hooks: SendHooks) {}

  start(stream: MediaStream, options: SendOptions): void {
    this.stream = stream;
    this.options = options;
    this.bitrate = options.bitrate;
    this.failures = this.sent = this.dropped = 0;
    this.wasLive = false;
    this.connect('connecting');
  }

  // Another camera while on air: a fresh container.
  replace(stream: MediaStream): void {
    this.stream = stream;
    if (this.state === 'off') return;
    this.hangUp();
    this.connect('reconnecting');
  }

  stop(error: SendError | null = null): void {
    clearTimeout(this.timer);
    this.hangUp();
    this.setState('off', error);
  }

  stats(): SendStats {
    const backlog = this.socket?.bufferedAmount ?? 0;
    return { bitrate: this.window.rate, sent: this.sent, dropped: this.dropped, backlog };
  }

  private connect(state: SendState): void {
    const options = this.options!;
    this.setState(state, null);
    const url = new URL('/ws', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('channel', options.channel);
    const protocols = options.token ? ['butai.v1', `bearer.${options.token}`] : ['butai.v1'];
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, protocols);
    } catch {
      this.stop('token'); // characters that no token has
      return;
    }
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.connectedAt = performance.now();
      const clock = Math.round((performance.timeOrigin + performance.now()) * 1000);
      const hello = this.resume ? { resume: this.resume, clock } : { clock };
      this.say({ type: 'hello', ...hello });
      this.begin();
    };
    socket.onmessage = (event) => {
      if (typeof event.data === 'string') this.onText(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.onClosed(event.code, opened);
    };
  }

  private begin(): void {
    const options = this.options!;
    const hooks: FeedHooks = {
      piece: (bytes) => this.send(bytes),
      backlog: () => this.socket?.bufferedAmount ?? 0,
      skipped: () => void this.dropped++,
      failed: () => this.stop('recorder'),
    };
    this.feed = options.jpeg
      ? new JpegFeed(this.stream!, options.height, hooks)
      : new RecorderFeed(this.stream!, this.bitrate, hooks);
    this.feed.start();
  }

  private send(bytes: Blob | Uint8Array<ArrayBuffer>): void {
    const socket = this.socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    const limit = Math.max(kBacklogMin, (this.bitrate / 8) * kBacklogSeconds);
    if (socket.bufferedAmount > limit) {
      this.dropped++;
      this.bitrate = Math.max(kBitrateFloor, this.bitrate * 0.7);
      this.again();
      return;
    }
    socket.send(bytes);
    this.sent++;
    this.measure(bytes instanceof Blob ? bytes.size : bytes.byteLength);
    if (this.state !== 'live') {
      this.wasLive = true;
      this.setState('live', null);
    }
  }

  private onText(text: string): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return;
    }
    if (message.type === 'welcome' && typeof message.resume === 'string') {
      this.resume = message.resume;
    } else if (message.type === 'instruction') {
      this.obey(message);
    }
  }

  private obey(message: Record<string, unknown>): void {
    const done = { type: 'done', id: message.id };
    if (message.do !== 'key_frame' || !this.feed) {
      this.say({ ...done, error: 'this sender obeys only key_frame, while it sends' });
      return;
    }
    this.feed.keyFrame();
    this.say(done);
  }

  private onClosed(code: number, opened: boolean): void {
    this.hangUp();
    const final = kFinal[code];
    if (final) {
      this.stop(final);
      return;
    }
    if (opened && performance.now() - this.connectedAt > kStableMs) this.failures = 0;
    this.setState(this.wasLive ? 'reconnecting' : 'connecting', code === 1013 ? 'full' : null);
    const delay = backOffMs(this.failures++, Math.random());
    this.timer = window.setTimeout(() => void this.retry(opened), delay);
  }

  // A refused upgrade looks like a lost line to a script: the same address over HTTP tells why.
  private async retry(opened: boolean): Promise<void> {
    const refusal = opened ? null : await this.ask();
    if (this.state === 'off') return;
    if (refusal) this.stop(refusal);
    else if (!this.wasLive && this.failures > 6) this.stop('lost');
    else this.connect(this.state);
  }

  private async ask(): Promise<SendError | null> {
    const { channel, token } = this.options!;
    const headers = new Headers(token ? { Authorization: `Bearer ${token}` } : {});
    try {
      const answer = await fetch(`/ws?channel=${encodeURIComponent(channel)}`, { headers });
      if (answer.status === 401) return 'token';
      if (answer.status === 403 || answer.status === 404) return 'refused';
      if (answer.status === 409) return 'taken';
    } catch {
      // not reachable: try again
    }
    return null;
  }

  private again(): void {
    this.hangUp();
    this.timer = window.setTimeout(() => this.connect('reconnecting'), 50);
  }

  private hangUp(): void {
    this.feed?.stop();
    this.feed = null;
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private measure(bytes: number): void {
    const now = performance.now();
    this.window.bytes += bytes;
    const passed = now - this.window.at;
    if (passed < 1000) return;
    const fresh = passed < 3000;
    this.window = { at: now, bytes: 0, rate: fresh ? (this.window.bytes * 8000) / passed : 0 };
  }

  private setState(state: SendState, error: SendError | null): void {
    this.state = state;
    this.hooks.state(state, error);
  }
}

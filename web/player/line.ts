// A viewer's WebSocket that stays: reconnects with jittered back-off, asks for a fresh play when its
// address was refused, follows `moved`, and tells the player the outcome in words.
// Spec: DESIGN section 5, messages and close codes.

import { Refusal } from '../server/ask';
import type { State } from './player';

const kFirstDelayMs = 250;
const kDelayMaxMs = 8000;
const kSilenceMs = 20_000; // nothing at all for so long: the connection is taken for dead

export type TextMessage = { type: string } & Record<string, unknown>;

export interface LineHooks {
  // Query for the next connection, e.g. {after: "…"}.
  query(): Record<string, string>;
  renew(): Promise<string>; // a fresh ws address
  opened(): void;
  text(message: TextMessage): void;
  binary(bytes: ArrayBuffer): void;
  lost(): void; // reconnecting from now on
  over(state: State): void; // no further attempt
}

const kFinal: Record<number, State> = {
  4400: 'unsupported',
  4403: 'refused',
  4404: 'missing',
  4409: 'elsewhere',
  4410: 'ended',
};

const kProblems: Record<string, State> = {
  'no-ticket': 'ticket',
  'not-open-yet': 'early',
  over: 'ended',
  'too-many-devices': 'places',
  'taken-over': 'elsewhere',
  revoked: 'revoked',
};
const kStatuses: Record<number, State> = {
  401: 'token',
  403: 'refused',
  404: 'missing',
  409: 'elsewhere',
};

export function stateOfRefusal(refusal: Refusal): State | null {
  return kProblems[refusal.problem] ?? kStatuses[refusal.status] ?? null;
}

// Doubling, up to a bound, half of it random so that viewers do not come back in one wave.
export function backOffMs(failures: number, random: number): number {
  const whole = Math.min(kDelayMaxMs, kFirstDelayMs * 2 ** Math.min(failures, 10));
  return whole / 2 + (whole / 2) * random;
}

export function socketAddress(
  address: string,
  query: Record<string, string>,
  base: string,
): string {
  const url = new URL(address, base);
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

export class Line {
  private socket: WebSocket | null = null;
  private failures = 0;
  private timer = 0;
  private silence = 0;
  private stopped = true;
  private moving = false;

  constructor(
    private address: string,
    private readonly hooks: LineHooks,
  ) {}

  start(): void {
    this.stopped = false;
    this.connect();
  }

  // Lost while there is no connection: the next one's query says the same.
  send(message: TextMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.drop();
  }

  private connect(): void {
    const socket = new WebSocket(socketAddress(this.address, this.hooks.query(), location.href));
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.heard();
      this.hooks.opened();
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      this.heard();
      if (typeof event.data === 'string') this.onText(event.data);
      else {
        this.failures = 0;
        this.hooks.binary(event.data);
      }
    };
    socket.onclose = (event) => {
      if (socket !== this.socket || this.stopped) return;
      this.drop();
      this.onClosed(event.code, opened);
    };
  }

  private onText(text: string): void {
    let message: TextMessage;
    try {
      message = JSON.parse(text) as TextMessage;
    } catch {
      return;
    }
    if (message.type === 'moved') this.move(message);
    else this.hooks.text(message);
  }

  private onClosed(code: number, opened: boolean): void {
    const final = kFinal[code];
    if (final) {
      this.stopped = true;
      this.hooks.over(final);
      return;
    }
    this.hooks.lost();
    if (this.moving) return; // its timer connects to the new address
    const refused = !opened || code === 4401;
    const delay = backOffMs(code === 1013 ? this.failures + 4 : this.failures, Math.random());
    this.failures++;
    this.timer = window.setTimeout(() => (refused ? void this.renew() : this.connect()), delay);
  }

  // The browser does not tell why an upgrade was refused; starting a play does.
  private async renew(): Promise<void> {
    try {
      this.address = await this.hooks.renew();
    } catch (error) {
      if (this.stopped) return;
      const final = error instanceof Refusal ? stateOfRefusal(error) : null;
      if (final) {
        this.stopped = true;
        this.hooks.over(final);
        return;
      }
      const least = error instanceof Refusal ? error.retryAfterMs : 0;
      const delay = Math.max(least, backOffMs(this.failures++, Math.random()));
      this.timer = window.setTimeout(() => void this.renew(), delay);
      return;
    }
    if (!this.stopped) this.connect();
  }

  private move(message: TextMessage): void {
    if (this.moving) return;
    this.moving = true;
    if (typeof message.url === 'string' && message.url) this.address = message.url;
    const after = typeof message.after_ms === 'number' ? message.after_ms : 0;
    this.timer = window.setTimeout(() => {
      this.moving = false;
      if (this.stopped) return;
      this.drop();
      this.connect();
    }, after);
  }

  private heard(): void {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => {
      if (this.stopped) return;
      this.drop();
      this.onClosed(1006, true);
    }, kSilenceMs);
  }

  private drop(): void {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

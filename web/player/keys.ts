// Content keys for a media element, through Encrypted Media Extensions: one session per set of key ids,
// one license for each, asked for until it comes.
//
// Flow: `init` message (WebSocketPlayer) or the element's `encrypted` event (NativePlayer) -> ask()
//       -> the key system's challenge -> askLicense -> the key system
// 1. The first ask() chooses the key system and gives it to the element.
// 2. Keys of the next period are asked for with those of this one, so that a change finds them here.
// 3. Old sessions are closed; a refusal is told once, in a word that the page has a sentence for.
// 4. What may pass (no license yet, a screen that does not protect the picture) is said while there is no
//    picture, and taken back by itself.
// Limits: kSessionsMax, kRetryMaxMs.  Spec: W3C Encrypted Media Extensions (2017), initialization data
// formats "cenc" and "keyids" of its registry.

import { askLicense, type LicensePlay } from './license';
import { told, type State } from './player';

const kSessionsMax = 6; // this period, the next, and what is still in the buffers
const kRetryMs = 1500; // a license that fails otherwise than by a refusal; each time so much longer
const kRetryMaxMs = 10_000;
const kSaidAfter = 3; // attempts: said on the page

export interface KeySystem {
  name: string; // of EME
  path: string; // behind the play's license address
  certificate?: string; // behind it as well
}

export const kClearKey: KeySystem = { name: 'org.w3.clearkey', path: 'clearkey' };
export const kFairPlay: KeySystem = {
  name: 'com.apple.fps',
  path: 'fairplay',
  certificate: 'fairplay/certificate',
};
const kByPssh: Record<string, KeySystem> = {
  edef8ba979d64acea3c827dcd51d21ed: { name: 'com.widevine.alpha', path: 'widevine' },
  '9a04f07998404286ab92e65be0885f95': { name: 'com.microsoft.playready', path: 'playready' },
};

// `protection` of an init message: "none", or what this announces.
export interface Announced {
  scheme: 'cbcs' | 'cenc';
  keys: { track: number; kid: string; next?: string; pssh?: string[]; next_pssh?: string[] }[];
}

export interface Request {
  system: KeySystem;
  type: 'keyids' | 'cenc';
  data: Uint8Array<ArrayBuffer>;
}

export function isAnnounced(protection: unknown): protection is Announced {
  return typeof protection === 'object' && protection !== null && 'keys' in protection;
}

// What to ask for, best system first; ClearKey only where the server named no other.
export function requestsFor(announced: Announced): Request[] {
  const boxes = announced.keys.flatMap(({ pssh = [], next_pssh = [] }) => [...pssh, ...next_pssh]);
  const bytes = [...new Set(boxes)].map(fromBase64);
  const found = Object.entries(kByPssh).flatMap(([id, system]) =>
    bytes
      .filter((box) => hex(box.subarray(12, 28)) === id)
      .map((data): Request => ({ system, type: 'cenc', data })),
  );
  if (found.length > 0) return found;
  const ids = (kids: (string | undefined)[]): Request[] => {
    const wanted = [...new Set(kids.filter((kid) => kid !== undefined))].map(base64url);
    const text = JSON.stringify({ kids: wanted });
    return wanted.length === 0
      ? []
      : [{ system: kClearKey, type: 'keyids', data: new TextEncoder().encode(text) }];
  };
  return [...ids(announced.keys.map(({ kid }) => kid)), ...ids(announced.keys.map((k) => k.next))];
}

// Whether this device has FairPlay and the server a certificate for it.
export async function offersFairPlay(license: string | null): Promise<boolean> {
  if (!license || !('WebKitMediaKeys' in globalThis)) return false;
  const answer = await fetch(`${license}/${kFairPlay.certificate}`).catch(() => null);
  return answer?.ok ?? false;
}

export class Keys {
  private opened: Promise<MediaKeys> | null = null;
  private system: KeySystem | null = null;
  private readonly asked = new Set<string>();
  private readonly sessions: MediaKeySession[] = [];
  private readonly unlicensed = new Set<MediaKeySession>();
  private trouble: State | null = null;
  private stopped = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly play: () => LicensePlay, // the newest one
    private readonly over: (state: State) => void,
    private readonly changed: () => void, // what `instead` answers
  ) {}

  // `capabilities`: what has to be played, for the choice of a key system.
  async ask(requests: Request[], capabilities: MediaKeySystemConfiguration): Promise<void> {
    try {
      this.opened ??= this.open([...new Set(requests.map(({ system }) => system))], capabilities);
      const keys = await this.opened;
      for (const { system, type, data } of requests) {
        if (system === this.system) await this.session(keys, type, data);
      }
    } catch {
      this.say('locked');
    }
  }

  // The native player's `encrypted` event: the browser says itself what it needs.
  async answer(event: MediaEncryptedEvent, system: KeySystem): Promise<void> {
    if (!event.initData) return;
    try {
      this.opened ??= this.open([system], { initDataTypes: [event.initDataType] });
      await this.session(await this.opened, event.initDataType, new Uint8Array(event.initData));
    } catch {
      this.say('locked');
    }
  }

  // What to say instead of `state`, when it is the keys that keep the picture away.
  instead(state: State): State {
    return told(state, this.trouble);
  }

  // Of Encrypted Media Extensions; null before it is chosen.
  systemName(): string | null {
    return this.system?.name ?? null;
  }

  stop(): void {
    this.stopped = true;
    for (const session of this.sessions) void session.close().catch(() => undefined);
    if (this.opened) void this.video.setMediaKeys(null).catch(() => undefined);
  }

  private async open(
    systems: KeySystem[],
    capabilities: MediaKeySystemConfiguration,
  ): Promise<MediaKeys> {
    for (const system of systems) {
      let access: MediaKeySystemAccess;
      try {
        access = await navigator.requestMediaKeySystemAccess(system.name, [capabilities]);
      } catch {
        continue; // not on this device
      }
      const keys = await access.createMediaKeys();
      if (system.certificate) {
        const answer = await fetch(`${this.play().license}/${system.certificate}`);
        if (!answer.ok) continue;
        await keys.setServerCertificate(await answer.arrayBuffer());
      }
      await this.video.setMediaKeys(keys);
      this.system = system;
      return keys;
    }
    throw new Error('no key system');
  }

  private async session(
    keys: MediaKeys,
    type: string,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const name = hex(data);
    if (this.stopped || this.asked.has(name)) return;
    this.asked.add(name);
    const session = keys.createSession();
    this.sessions.push(session);
    if (this.sessions.length > kSessionsMax) {
      const oldest = this.sessions.shift()!;
      this.unlicensed.delete(oldest);
      void oldest.close().catch(() => undefined);
    }
    const asset = type === 'skd' ? assetOf(data) : null;
    session.addEventListener('message', (event) => {
      void this.fetch(session, event.message, asset);
    });
    session.addEventListener('keystatuseschange', () => this.look());
    await session.generateRequest(type, data);
  }

  private async fetch(
    session: MediaKeySession,
    challenge: ArrayBuffer,
    asset: string | null,
  ): Promise<void> {
    const { path } = this.system!;
    for (let attempt = 0; !this.stopped; attempt++) {
      if (attempt >= kSaidAfter) this.note(session, false);
      if (attempt > 0) {
        const delay = Math.min(kRetryMs * attempt, kRetryMaxMs) * (0.75 + Math.random() / 2);
        await new Promise((next) => setTimeout(next, delay));
        if (!this.sessions.includes(session)) return;
      }
      const { status, license } = await askLicense(this.play(), path, challenge, asset);
      if (license) {
        const fits = await session.update(license).then(
          () => true,
          () => false,
        );
        return this.note(session, fits);
      }
      if (status === 401) return this.say('token');
      if (status === 403) return this.say('refused');
    }
  }

  private note(session: MediaKeySession, licensed: boolean): void {
    if (licensed) this.unlicensed.delete(session);
    else this.unlicensed.add(session);
    this.look();
  }

  private look(): void {
    const statuses = new Set<MediaKeyStatus>();
    for (const session of this.sessions) {
      session.keyStatuses.forEach((status) => statuses.add(status));
    }
    const lost = this.unlicensed.size > 0 || statuses.has('expired');
    const now = statuses.has('output-restricted') ? 'screen' : lost ? 'unlicensed' : null;
    if (this.stopped || now === this.trouble) return;
    this.trouble = now;
    this.changed();
  }

  private say(state: State): void {
    if (this.stopped) return;
    this.stopped = true; // nothing more is asked, or said
    this.over(state);
  }
}

// What stands behind skd:// in a FairPlay key line, as Safari gives it: UTF-8 or UTF-16.
function assetOf(data: Uint8Array): string | null {
  const text = String.fromCharCode(...data.filter((byte) => byte !== 0));
  const at = text.indexOf('skd://');
  return at < 0 ? null : text.slice(at + 6);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

// Of a key id in hexadecimal.
function base64url(kid: string): string {
  const bytes = (kid.match(/../g) ?? []).map((pair) =>
    String.fromCharCode(Number.parseInt(pair, 16)),
  );
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

// One license: the challenge goes to our server, or, where the play says so, straight to the DRM service with
// what our server signed for this play in a header. Nothing of it is a cookie.

import type { Play } from '../server/plays';

export type LicensePlay = Pick<Play, 'license' | 'license_tokens'>;

// What GET {license}/SYSTEM/token answers.
export interface ServiceToken {
  url: string;
  headers: Record<string, string>;
  form: 'raw' | 'form' | 'json'; // how a FairPlay service takes the SPC
}

export interface Answer {
  status: number; // 0: none came
  license: ArrayBuffer | null;
}

const kBytes = 'application/octet-stream';

// `asset`: what stands behind skd:// in FairPlay's key line.
export async function askLicense(
  play: LicensePlay,
  path: string,
  challenge: ArrayBuffer,
  asset: string | null,
): Promise<Answer> {
  try {
    const direct = goesDirect(play, path);
    const { url, init } = direct
      ? toService(await serviceToken(play, path), challenge, asset)
      : toServer(play, path, challenge, asset);
    const answer = await fetch(url, { method: 'POST', ...init });
    if (!answer.ok) return { status: answer.status, license: null };
    const bytes = await answer.arrayBuffer();
    return {
      status: answer.status,
      license: direct && path === 'fairplay' ? unwrap(bytes) : bytes,
    };
  } catch (error) {
    return { status: error instanceof TokenRefused ? error.status : 0, license: null };
  }
}

export const goesDirect = (play: LicensePlay, path: string): boolean =>
  play.license_tokens === true && path !== 'clearkey';

export class TokenRefused extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

export async function serviceToken(play: LicensePlay, path: string): Promise<ServiceToken> {
  const answer = await fetch(`${play.license}/${path}/token`, { cache: 'no-store' });
  if (!answer.ok) throw new TokenRefused(answer.status);
  return (await answer.json()) as ServiceToken;
}

interface Sent {
  url: string;
  init: RequestInit;
}

function toServer(
  { license }: LicensePlay,
  path: string,
  body: ArrayBuffer,
  asset: string | null,
): Sent {
  const query = asset === null ? '' : `?asset=${encodeURIComponent(asset)}`;
  const headers = { 'Content-Type': path === 'clearkey' ? 'application/json' : kBytes };
  return { url: `${license}/${path}${query}`, init: { headers, body } };
}

function toService(token: ServiceToken, challenge: ArrayBuffer, asset: string | null): Sent {
  const { url, headers, form } = token;
  if (form === 'raw')
    return { url, init: { headers: { ...headers, 'Content-Type': kBytes }, body: challenge } };
  const spc = btoa(String.fromCharCode(...new Uint8Array(challenge)));
  const named = asset === null ? {} : { assetId: asset };
  if (form === 'json') {
    const body = JSON.stringify({ spc, ...named });
    return { url, init: { headers: { ...headers, 'Content-Type': 'application/json' }, body } };
  }
  return { url, init: { headers, body: new URLSearchParams({ spc, ...named }) } };
}

// The CKC as bytes: raw, in base64, <ckc>…</ckc> or {"ckc":"…"}.
function unwrap(answer: ArrayBuffer): ArrayBuffer {
  const text = new TextDecoder('latin1').decode(answer).trim();
  const inner =
    /^<ckc>([^<]+)<\/ckc>$/.exec(text)?.[1] ?? /^\{.*"ckc"\s*:\s*"([^"]+)".*\}$/s.exec(text)?.[1];
  const base64 = (inner ?? text).trim();
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(base64)) return answer;
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;
}

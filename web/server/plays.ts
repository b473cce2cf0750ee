// The server's HTTP interface as the pages use it.

export interface Play {
  play: string;
  hls: string;
  dash: string;
  ws: string;
  license: string | null; // before /clearkey, /widevine, …; null: not protected
  expires: string | number;
}

export interface ChannelInfo {
  name: string;
  live: boolean;
  viewers: number;
  latency: 'stable' | 'low' | 'realtime';
  kind: 'video' | 'jpeg';
  protection: string;
}

// An answer other than success: what the server said, for a decision and for a person.
export class Refusal extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly detail: string,
    readonly retryAfterMs: number,
  ) {
    super(detail || `HTTP ${status}`);
  }
}

async function ask(
  path: string,
  token: string | null,
  request: RequestInit = {},
): Promise<unknown> {
  const headers = new Headers(request.headers);
  if (token) headers.set('Authorization', `Bearer ${token}`);
  let answer: Response;
  try {
    answer = await fetch(path, { ...request, headers, cache: 'no-store' });
  } catch {
    throw new Refusal(0, '', 0);
  }
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const detail =
    typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : '';
  throw new Refusal(answer.status, detail, Number(answer.headers.get('Retry-After') ?? 0) * 1000);
}

export async function startPlay(channel: string, token: string | null): Promise<Play> {
  return (await ask('/api/v1/plays', token, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel }),
  })) as Play;
}

// Frees the viewer's place at once; meant for leaving the page, so nobody waits for the answer.
export function endPlay(play: Play, token: string | null): void {
  const headers = new Headers();
  if (token) headers.set('Authorization', `Bearer ${token}`);
  void fetch(`/api/v1/plays/${encodeURIComponent(play.play)}`, {
    method: 'DELETE',
    keepalive: true,
    headers,
  }).catch(() => undefined);
}

export async function channelInfo(channel: string, token: string | null): Promise<ChannelInfo> {
  return (await ask(
    `/api/v1/channels/${encodeURIComponent(channel)}/public`,
    token,
  )) as ChannelInfo;
}

export async function publicChannels(): Promise<ChannelInfo[]> {
  const answer = (await ask('/api/v1/channels/public', null)) as { channels?: ChannelInfo[] };
  return answer.channels ?? [];
}

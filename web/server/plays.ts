// Plays and channels, as the server tells them.

import { ask } from './ask';

export interface Play {
  play: string;
  hls: string;
  dash: string;
  ws: string;
  license: string | null; // before /clearkey, /widevine, …; null: not protected
  license_tokens?: boolean; // licenses of real systems are asked of the DRM service itself
  expires: string | number;
}

export interface ChannelInfo {
  name: string;
  live: boolean;
  viewers: number;
  latency: 'stable' | 'low' | 'realtime';
  kind: 'video' | 'jpeg';
  protection: string;
  loudness?: Loudness | null; // of the input on air; null where it is not measured
  renditions?: RenditionInfo[];
  test_channel?: string; // where playing can be tried beforehand
}

// LUFS and dBTP (ITU-R BS.1770); null: nothing heard yet.
export interface Loudness {
  momentary: number | null;
  short_term: number | null;
  integrated: number | null;
  true_peak: number | null;
  target: number;
  target_japan: number;
}

export interface RenditionInfo {
  name: string;
  kind: 'picture' | 'sound' | 'second_sound';
  height: number;
  bitrate: number; // bits per second
}

export interface PlayWish {
  channel: string;
  performance?: string;
  device?: string; // "Chrome on Windows", for the other devices of this ticket
  take_over?: string; // the play that gives its place up
}

// One of the ticket's places that is taken: the body of 409 too-many-devices.
export interface TakenPlace {
  play: string;
  device: string;
  since: string;
}

export interface PlayState {
  state: 'playing' | 'taken-over' | 'revoked' | 'ended';
  by?: string;
}

const at = (play: Play) => `/api/v1/plays/${encodeURIComponent(play.play)}`;

export const startPlay = (wish: PlayWish, token: string | null) =>
  ask<Play>('/api/v1/plays', {
    method: 'POST',
    json: wish,
    token,
    anonymous: !wish.performance,
  });
export const beatPlay = (play: Play) => ask<unknown>(at(play), { method: 'PUT' });
export const playState = (play: Play) => ask<PlayState>(at(play));
export const tellDeviceRow = (play: Play, row: object) =>
  ask<unknown>(`${at(play)}/device-row`, { method: 'POST', json: row, anonymous: true });

// Frees the viewer's place at once; meant for leaving the page, so nobody waits for the answer.
export function endPlay(play: Play, token: string | null): void {
  void ask(at(play), { method: 'DELETE', keepalive: true, token, anonymous: true }).catch(
    () => undefined,
  );
}

export const channelInfo = (channel: string, token: string | null) =>
  ask<ChannelInfo>(`/api/v1/channels/${encodeURIComponent(channel)}/public`, { token });

export const publicChannels = async () =>
  (await ask<{ channels?: ChannelInfo[] }>('/api/v1/channels/public')).channels ?? [];

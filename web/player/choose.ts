// Which way of playing suits the channel and the browser. Pure.

import type { ChannelInfo } from '../server/plays';
import type { PlayerName } from './player';

export interface Abilities {
  mediaSource: boolean;
  nativeHls: boolean;
}

const kNames: PlayerName[] = ['ws', 'hls', 'dash', 'native', 'jpeg'];

export function choosePlayer(
  wish: string | null,
  info: Pick<ChannelInfo, 'latency' | 'kind'> & { protection?: string },
  can: Abilities,
): PlayerName {
  const wished = kNames.find((name) => name === wish);
  if (wished) return wished;
  // Licenses are shaka-player's business; native HLS has them on iPhone and Mac.
  if ((info.protection ?? 'none') !== 'none') return can.mediaSource ? 'dash' : 'native';
  if (info.latency === 'realtime') {
    if (info.kind === 'jpeg') return 'jpeg';
    if (can.mediaSource) return 'ws';
  }
  return can.mediaSource || !can.nativeHls ? 'hls' : 'native';
}

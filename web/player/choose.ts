// Which way of playing suits the channel and the browser. Pure.

import type { ChannelInfo } from '../server/plays';
import type { PlayerName } from './player';

export interface Abilities {
  mediaSource: boolean;
  nativeHls: boolean;
  fairPlay: boolean; // native HLS with licenses
}

const kNames: PlayerName[] = ['ws', 'hls', 'dash', 'native', 'jpeg'];

export function choosePlayer(
  wish: string | null,
  info: Pick<ChannelInfo, 'latency' | 'kind'> & { protection?: string },
  can: Abilities,
): PlayerName {
  const wished = kNames.find((name) => name === wish);
  if (wished) return wished;
  if ((info.protection ?? 'none') !== 'none') {
    if (can.fairPlay || !can.mediaSource) return 'native';
    return info.latency === 'realtime' ? 'ws' : 'dash';
  }
  if (info.latency === 'realtime') {
    if (info.kind === 'jpeg') return 'jpeg';
    if (can.mediaSource) return 'ws';
  }
  return can.mediaSource || !can.nativeHls ? 'hls' : 'native';
}

// Where a play comes from: a token or nothing, a ticket, or the test before the purchase.

import { Refusal } from '../server/ask';
import {
  beatPlay,
  channelInfo,
  endPlay,
  playState,
  startPlay,
  type ChannelInfo,
  type Play,
  type TakenPlace,
} from '../server/plays';
import { startTestPlay } from '../server/sale';
import { deviceName } from '../server/device';

export interface PlaySource {
  guess: ChannelInfo; // until the server has told
  start(last: Play | null): Promise<Play>; // rejects with a Refusal
  beat?(play: Play): Promise<void>; // rejects with a Refusal when the play is no more
  info(play: Play | null): Promise<ChannelInfo>;
  end(play: Play): void;
}

const guess = (name: string, latency: ChannelInfo['latency']): ChannelInfo => ({
  name,
  live: false,
  viewers: 0,
  latency,
  kind: 'video',
  protection: 'none',
});

export const channelSource = (channel: string, token: string | null): PlaySource => ({
  guess: guess(channel, 'low'),
  start: () => startPlay({ channel }, token),
  info: () => channelInfo(channel, token),
  end: (play) => endPlay(play, token),
});

// `takeOver` is the play that gives up its place.
export function ticketSource(channel: string, performance: string, takeOver?: string): PlaySource {
  const wish = { channel, performance, device: deviceName(navigator.userAgent) };
  let taken = takeOver;
  return {
    guess: guess(channel, 'stable'),
    async start(last) {
      if (last) await whyGone(last);
      const play = await startPlay(taken ? { ...wish, take_over: taken } : wish, null);
      taken = undefined; // once is enough: a later start must not push out who came after
      return play;
    },
    async beat(play) {
      try {
        await beatPlay(play);
      } catch {
        await whyGone(play);
      }
    },
    info: () => channelInfo(channel, null),
    end: (play) => endPlay(play, null),
  };
}

// A play that has gone for a reason does not come back by itself.
async function whyGone(play: Play): Promise<void> {
  const now = await playState(play).catch(() => null);
  if (!now || now.state === 'playing') return;
  const problem = now.state === 'ended' ? 'over' : now.state;
  throw new Refusal(403, '', 0, problem, now);
}

export const testSource = (performance: string): PlaySource => ({
  guess: guess('', 'stable'),
  start: () => startTestPlay(performance),
  info: (play) => channelInfo(channelOfPlay(play), null),
  end: (play) => endPlay(play, null),
});

// The addresses name the channel: /t/TOKEN/live/CHANNEL/index.m3u8
const channelOfPlay = (play: Play | null): string =>
  /\/live\/([^/]+)\//.exec(play?.hls ?? '')?.[1] ?? '';

// The places of a ticket that are taken, from the body of the refusal.
export const takenPlaces = (refusal: Refusal | null): TakenPlace[] =>
  (refusal?.body as { devices?: TakenPlace[] } | null)?.devices ?? [];

export const takenBy = (refusal: Refusal | null): string =>
  (refusal?.body as { by?: string } | null)?.by ?? '';

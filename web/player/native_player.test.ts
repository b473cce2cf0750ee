import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Refusal } from '../server/ask';
import type { Play } from '../server/plays';
import { NativePlayer } from './native_player';
import type { PlayerHooks, Stage, State } from './player';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const kPlay: Play = {
  play: 'P',
  hls: '/t/T/live/stage/index.m3u8',
  dash: '',
  ws: '',
  license: '/t/T/license',
  expires: 0,
};

// A browser's element that fails at whatever it loads, beside a server whose playlist answers `world.playlist`.
function place(play: Play = kPlay) {
  const world = { playlist: 200, refusal: null as Refusal | null, loads: 0 };
  const listeners: Record<string, () => void> = {};
  const video = {
    textTracks: { addEventListener: () => undefined },
    addEventListener: (name: string, listener: () => void) => (listeners[name] = listener),
    getAttribute: () => 'here',
    set src(_: string) {
      world.loads++;
    },
  } as unknown as HTMLVideoElement;
  vi.stubGlobal('window', globalThis);
  vi.stubGlobal('fetch', async () => new Response('', { status: world.playlist }));
  const states: State[] = [];
  const hooks = {
    changed: (state: State) => states.push(state),
    renew: async () => {
      if (world.refusal) throw world.refusal;
      return play;
    },
    ready: () => undefined,
  } as unknown as PlayerHooks;
  const player = new NativePlayer({ video, play } as unknown as Stage, hooks);
  const fail = async () => {
    listeners.error!();
    await vi.advanceTimersByTimeAsync(4_000);
  };
  return { player, states, world, fail };
}

test('a protected broadcast that is there and does not load is one that this device cannot unlock', async () => {
  const { player, states, world, fail } = place();
  await player.start();
  for (let i = 0; i < 3; i++) await fail();
  expect(states).toEqual(['waiting', 'locked']);
  const { loads } = world;
  await fail();
  expect(world.loads).toBe(loads); // and is left alone
});

test('one that has not begun, or is not protected, is waited for', async () => {
  const early = place();
  early.world.playlist = 404;
  await early.player.start();
  for (let i = 0; i < 5; i++) await early.fail();
  expect(early.states).toEqual(['waiting']);
  expect(early.world.loads).toBe(6);
  const clear = place({ ...kPlay, license: null });
  await clear.player.start();
  for (let i = 0; i < 5; i++) await clear.fail();
  expect(clear.states).toEqual(['waiting']);
});

test('who may no longer watch is told, and an absent server is asked again', async () => {
  const { player, states, world, fail } = place();
  await player.start();
  world.refusal = new Refusal(0, '', 0);
  await fail();
  expect(states).toEqual(['waiting']);
  world.refusal = new Refusal(403, 'refunded', 0, 'revoked');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(states).toEqual(['waiting', 'revoked']);
});

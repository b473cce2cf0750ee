import { afterEach, expect, test, vi } from 'vitest';
import { isAnnounced, Keys, kFairPlay, offersFairPlay, requestsFor } from './keys';
import type { State } from './player';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const text = (data: Uint8Array) => new TextDecoder().decode(data);
const kKid = '00112233445566778899aabbccddeeff';
const kNext = 'ffeeddccbbaa99887766554433221100';

test('a channel that is not protected announces no keys', () => {
  expect(isAnnounced('none')).toBe(false);
  expect(isAnnounced({ scheme: 'cbcs', keys: [] })).toBe(true);
});

test('with ClearKey the keys of this period are asked for, then those of the next', () => {
  const requests = requestsFor({ scheme: 'cbcs', keys: [{ track: 1, kid: kKid, next: kNext }] });
  expect(requests.map(({ type, system }) => [type, system.path])).toEqual([
    ['keyids', 'clearkey'],
    ['keyids', 'clearkey'],
  ]);
  expect(text(requests[0]!.data)).toBe('{"kids":["ABEiM0RVZneImaq7zN3u_w"]}');
  expect(text(requests[1]!.data)).toBe('{"kids":["_-7dzLuqmYh3ZlVEMyIRAA"]}');
});

test('a key that both tracks have is asked for once', () => {
  const keys = [1, 2].map((track) => ({ track, kid: kKid }));
  expect(text(requestsFor({ scheme: 'cenc', keys })[0]!.data)).toBe(
    '{"kids":["ABEiM0RVZneImaq7zN3u_w"]}',
  );
});

test('a real system is asked with its own box, and ClearKey then not at all', () => {
  const widevine = 'AAAAIHBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAAAA='; // an empty one
  const requests = requestsFor({
    scheme: 'cbcs',
    keys: [{ track: 1, kid: kKid, pssh: [widevine], next: kNext }],
  });
  expect(requests.map(({ system }) => system.name)).toEqual(['com.widevine.alpha']);
  expect(requests[0]!.type).toBe('cenc');
  expect(requests[0]!.data.length).toBe(32);
});

// A device with one key system, and a server that answers licenses with `world.status`.
function device(status: number) {
  const asked: string[] = [];
  const done: string[] = [];
  const world = { status, fits: true, screen: 'usable' as MediaKeyStatus };
  type Listener = (event: { message: ArrayBuffer }) => void;
  const listeners: Record<string, Listener> = {};
  const message = new TextEncoder().encode('SPC').buffer;
  const session = {
    addEventListener: (name: string, listener: Listener) => (listeners[name] = listener),
    generateRequest: async (type: string) => {
      done.push(`request ${type}`);
      listeners.message!({ message });
    },
    update: async (license: ArrayBuffer) => {
      if (!world.fits) throw new TypeError('not a license');
      done.push(`update ${text(new Uint8Array(license))}`);
    },
    keyStatuses: { forEach: (each: (status: MediaKeyStatus) => void) => each(world.screen) },
    close: async () => undefined,
  };
  const statusesChange = () => listeners.keystatuseschange!({ message });
  const keys = {
    setServerCertificate: async (bytes: ArrayBuffer) =>
      void done.push(`certificate ${bytes.byteLength}`),
    createSession: () => session,
  };
  vi.stubGlobal('WebKitMediaKeys', class {});
  vi.stubGlobal('navigator', {
    requestMediaKeySystemAccess: async (name: string) => {
      if (name !== 'com.apple.fps') throw new Error('not here');
      return { createMediaKeys: async () => keys };
    },
  });
  vi.stubGlobal('fetch', async (address: string, request?: RequestInit) => {
    asked.push(address);
    return new Response(request ? 'CKC' : 'certificate', { status: request ? world.status : 200 });
  });
  const video = { setMediaKeys: async () => undefined } as unknown as HTMLVideoElement;
  const states: State[] = [];
  const wanted: Keys = new Keys(
    video,
    () => ({ license: '/t/T/license' }),
    (state) => states.push(state),
    () => states.push(wanted.instead('waiting')),
  );
  const initData = new TextEncoder().encode('skd://some/asset').buffer;
  const event = { initDataType: 'skd', initData } as unknown as MediaEncryptedEvent;
  return { wanted, event, asked, done, states, world, statusesChange };
}

test('FairPlay: certificate, SPC to the license address, CKC to the element', async () => {
  const { wanted, event, asked, done } = device(200);
  expect(await offersFairPlay('/t/T/license')).toBe(true);
  await wanted.answer(event, kFairPlay);
  await vi.waitFor(() => expect(done).toEqual(['certificate 11', 'request skd', 'update CKC']));
  expect(asked.slice(1)).toEqual([
    '/t/T/license/fairplay/certificate',
    '/t/T/license/fairplay?asset=some%2Fasset',
  ]);
  expect(wanted.systemName()).toBe('com.apple.fps');
});

test('a refused license is told as such, and a device without the system too', async () => {
  const refused = device(403);
  await refused.wanted.answer(refused.event, kFairPlay);
  await vi.waitFor(() => expect(refused.states).toEqual(['refused']));
  const without = device(200);
  const requests = requestsFor({ scheme: 'cbcs', keys: [{ track: 1, kid: kKid }] });
  await without.wanted.ask(requests, {});
  expect(without.states).toEqual(['locked']);
});

test('a license that cannot be had now is asked for until it comes, and the page says so meanwhile', async () => {
  vi.useFakeTimers();
  const { wanted, event, done, states, world } = device(503);
  await wanted.answer(event, kFairPlay);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(states).toEqual([]); // a moment is nothing to speak of
  await vi.advanceTimersByTimeAsync(60_000);
  expect(states).toEqual(['unlicensed']);
  expect(wanted.instead('playing')).toBe('playing'); // with the keys it has
  world.status = 200;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(done.at(-1)).toBe('update CKC');
  expect(states).toEqual(['unlicensed', 'waiting']);
});

test('a license that does not fit is told, and is not the device’s fault', async () => {
  const { wanted, event, states, world } = device(200);
  world.fits = false;
  await wanted.answer(event, kFairPlay);
  await vi.waitFor(() => expect(states).toEqual(['unlicensed']));
});

test('a screen that does not protect the picture is told until it is another', async () => {
  const { wanted, event, done, states, world, statusesChange } = device(200);
  await wanted.answer(event, kFairPlay);
  await vi.waitFor(() => expect(done).toContain('update CKC'));
  world.screen = 'output-restricted';
  statusesChange();
  world.screen = 'usable';
  statusesChange();
  expect(states).toEqual(['screen', 'waiting']);
});

test('after a refusal nothing else is said', async () => {
  const { wanted, event, states, world, statusesChange } = device(403);
  await wanted.answer(event, kFairPlay);
  await vi.waitFor(() => expect(states).toEqual(['refused']));
  world.screen = 'output-restricted';
  statusesChange();
  expect(states).toEqual(['refused']);
});

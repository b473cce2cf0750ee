import { expect, test } from 'vitest';
import type { Stats } from '../player/player';
import { deviceRow, settled, textOfRow, type Tried } from './device_row';

const stats: Stats = {
  player: 'native',
  state: 'playing',
  latencySeconds: null,
  medianLatencySeconds: null,
  decodedFrames: 300,
  droppedFrames: 0,
  gaps: 0,
  bitrate: 0,
  currentTime: 10,
  bufferSeconds: 3,
  width: 640,
  height: 360,
};
const rowOf = (tried: Tried) => textOfRow(deviceRow(tried));
const kPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';
const kAndroid =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36';

test('a phone that plays', () => {
  const protection = { system: 'FairPlay', level: 'unknown' };
  expect(
    rowOf({ day: '2026-12-24', userAgent: kPhone, stats, protection, firstFrameMs: 840 }),
  ).toBe(
    '| 2026-12-24 | iPhone | iOS 18.1 | Safari 18.1 | FairPlay, unknown | HLS (native) | 840 ms | ok |',
  );
});

test('a phone that cannot', () => {
  const locked: Stats = { ...stats, player: 'dash', state: 'locked', currentTime: 0 };
  expect(settled(locked)).toBe(true);
  expect(settled({ ...locked, state: 'waiting' })).toBe(false);
  expect(
    rowOf({
      day: '2026-12-24',
      userAgent: kAndroid,
      stats: locked,
      protection: null,
      firstFrameMs: null,
    }),
  ).toBe('| 2026-12-24 | Pixel 8 | Android 14 | Chrome 131 | none | DASH | – | locked |');
});

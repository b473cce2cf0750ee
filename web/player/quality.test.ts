import { expect, test } from 'vitest';
import { bestFor, firstQuality, gigabytesPerHour, hoursLeft } from './quality';

const ladder = [
  { name: 'video', kind: 'picture' as const, height: 1080, bitrate: 4_000_000 },
  { name: 'audio', kind: 'sound' as const, height: 0, bitrate: 128_000 },
  { name: '480p', kind: 'picture' as const, height: 480, bitrate: 900_000 },
  { name: '240p', kind: 'picture' as const, height: 240, bitrate: 400_000 },
  { name: 'sound', kind: 'sound' as const, height: 0, bitrate: 64_000 },
];

test('each wish has its best rendition', () => {
  expect(bestFor('auto', ladder)?.name).toBe('video');
  expect(bestFor('data', ladder)?.name).toBe('480p');
  expect(bestFor('sound', ladder)?.name).toBe('sound');
  expect(bestFor('data', ladder.slice(0, 2))).toBeNull();
  expect(bestFor('sound', ladder.slice(0, 2))?.name).toBe('audio');
});

test('an hour costs picture and sound together', () => {
  expect(gigabytesPerHour('auto', ladder)).toBeCloseTo(1.8576, 4);
  expect(gigabytesPerHour('sound', ladder)).toBeCloseTo(0.0288, 4);
  expect(gigabytesPerHour('auto', [])).toBeNull();
});

test('a show with an end costs what is left of it', () => {
  const now = Date.parse('2026-11-28T10:00:00Z');
  expect(hoursLeft('2026-11-28T21:30:00+09:00', now)).toBeCloseTo(2.5, 6);
  expect(hoursLeft('2026-11-28T09:00:00Z', now)).toBeNull();
  expect(hoursLeft(null, now)).toBeNull();
});

test('what was chosen before wins over what the browser was told', () => {
  expect(firstQuality(null, true)).toBe('data');
  expect(firstQuality('auto', true)).toBe('auto');
  expect(firstQuality('nonsense', false)).toBe('auto');
});

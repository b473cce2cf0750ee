import { expect, test } from 'vitest';
import { keptSound, otherSound, soundName, type SoundTrack } from './sounds';

const words = { first: '主音声', second: '副音声' };
const pair = (first: string, second: string): SoundTrack[] => [
  { id: 'first', language: first },
  { id: 'second', language: second },
];
const names = (all: SoundTrack[], language: string) =>
  all.map((track) => soundName(track, all, language, words));

test('sounds are named by their languages where these tell them apart', () => {
  expect(names(pair('ja', 'en'), 'ja')).toEqual(['日本語', '英語']);
  expect(names(pair('ja', 'en'), 'en')).toEqual(['Japanese', 'English']);
  expect(names(pair('ja', 'ja'), 'ja')).toEqual(['主音声', '副音声']);
  expect(names(pair('', ''), 'ja')).toEqual(['主音声', '副音声']);
});

test('what was chosen last time holds, and nonsense is the first', () => {
  expect(keptSound('second')).toBe('second');
  expect(keptSound('third')).toBe('first');
  expect(keptSound(null)).toBe('first');
  expect(otherSound(otherSound('first'))).toBe('first');
});

import { expect, test } from 'vitest';
import { captionName, captionSize, nextCaptions, nextSize, shownCaptions } from './captions';

const tracks = [
  { id: 'ja', language: 'ja' },
  { id: 'CC1', language: 'en' },
];

test('a key goes from none through all and back', () => {
  expect(nextCaptions(null, tracks)).toBe('ja');
  expect(nextCaptions('ja', tracks)).toBe('CC1');
  expect(nextCaptions('CC1', tracks)).toBe(null);
  expect(nextCaptions(null, [])).toBe(null);
  expect(nextCaptions('gone', tracks)).toBe(null);
});

test('what was chosen last time is shown once it is there', () => {
  expect(shownCaptions('ja', tracks)).toBe('ja');
  expect(shownCaptions('fr', tracks)).toBe(null);
  expect(shownCaptions(null, tracks)).toBe(null);
});

test('sizes go round, and nonsense is medium', () => {
  expect(captionSize('large')).toBe('large');
  expect(captionSize('huge')).toBe('medium');
  expect(nextSize('large')).toBe('small');
});

test('a language is named in the viewer’s own, a channel stays beside it', () => {
  expect(captionName(tracks[0]!, 'ja')).toBe('日本語');
  expect(captionName(tracks[1]!, 'en')).toBe('English (CC1)');
  expect(captionName({ id: 'CC3', language: '' }, 'en')).toBe('CC3');
  expect(captionName({ id: 'x', language: 'x' }, 'en')).toBe('x');
});

import { expect, test } from 'vitest';
import { shownLoudness } from './loudness';

const heard = {
  momentary: -20,
  short_term: -30,
  integrated: -24.4,
  true_peak: -3,
  target: -23,
  target_japan: -24,
};

test('each language has its target and its unit', () => {
  expect(shownLoudness(heard, 'ja')).toMatchObject({ target: -24, unit: 'LKFS' });
  expect(shownLoudness(heard, 'en')).toMatchObject({ target: -23, unit: 'LUFS' });
});

test('the bar shows the last seconds, the word judges the whole', () => {
  expect(shownLoudness(heard, 'en')).toMatchObject({ share: 0.5, now: -30, place: 'good' });
  expect(shownLoudness({ ...heard, integrated: -20.9 }, 'en').place).toBe('high');
  expect(shownLoudness({ ...heard, integrated: -25.1 }, 'en').place).toBe('low');
  expect(shownLoudness({ ...heard, integrated: -25.1 }, 'ja').place).toBe('good');
});

test('nothing heard is silence and no number', () => {
  const nothing = { ...heard, short_term: null, integrated: null };
  expect(shownLoudness(nothing, 'ja')).toMatchObject({ share: 0, now: null, place: 'silent' });
});

test('the bar has ends', () => {
  expect(shownLoudness({ ...heard, short_term: 3 }, 'en').share).toBe(1);
  expect(shownLoudness({ ...heard, short_term: -69 }, 'en').share).toBe(0);
});

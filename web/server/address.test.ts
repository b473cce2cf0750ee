import { expect, it } from 'vitest';
import { safeNext } from './address';

it('goes on to a page of this site only', () => {
  expect(safeNext('/e/gala/buy?type=tt_1')).toBe('/e/gala/buy?type=tt_1');
  for (const wish of [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '',
    '/a\n',
    null,
  ]) {
    expect(safeNext(wish)).toBe('/tickets');
  }
});

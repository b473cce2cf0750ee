import { expect, it } from 'vitest';
import { saleOf } from './sale_of';

const type = {
  availability: 'many' as const,
  sale_from: '2026-12-01T00:00:00Z',
  sale_until: '2026-12-24T00:00:00Z',
};
const at = Date.parse;

it('is open inside its window while the event sells', () => {
  expect(saleOf({ state: 'on_sale' }, type, at('2026-12-10T00:00:00Z'))).toBe('open');
  expect(saleOf({ state: 'live' }, type, at('2026-12-10T00:00:00Z'))).toBe('open');
  expect(saleOf({ state: 'on_sale' }, type, at('2026-11-30T23:59:59Z'))).toBe('later');
  expect(saleOf({ state: 'on_sale' }, type, at('2026-12-24T00:00:00Z'))).toBe('over');
});

it('follows the event’s state before its own window', () => {
  expect(saleOf({ state: 'announced' }, type, at('2026-12-10T00:00:00Z'))).toBe('later');
  expect(saleOf({ state: 'ended' }, type, at('2026-12-10T00:00:00Z'))).toBe('over');
});

it('says sold out only while it would be open', () => {
  const none = { ...type, availability: 'none' as const };
  expect(saleOf({ state: 'on_sale' }, none, at('2026-12-10T00:00:00Z'))).toBe('sold_out');
  expect(saleOf({ state: 'on_sale' }, none, at('2026-12-25T00:00:00Z'))).toBe('over');
});

import { expect, it } from 'vitest';
import { nextLookMs } from './poll';

const card = { state: 'pending_payment', payment: { method: 'card', state: 'pending' } } as const;

it('looks after a second, then less and less often', () => {
  expect(nextLookMs(card, 0, 1)).toBe(1000);
  expect(nextLookMs(card, 2, 1)).toBe(2250);
  expect(nextLookMs(card, 100, 1)).toBe(10_000);
  expect(nextLookMs(card, 100, 0)).toBe(8000);
});

it('looks at a store’s payment twice a minute', () => {
  const store = { state: 'pending_payment', payment: { method: 'konbini', state: 'x' } } as const;
  expect(nextLookMs(store, 100, 1)).toBe(30_000);
});

it('does not look when nothing more comes', () => {
  for (const state of ['fulfilled', 'refunded', 'expired', 'cancelled', 'disputed'] as const) {
    expect(nextLookMs({ state, payment: null }, 0, 0)).toBeNull();
  }
});

// When to look at an order again. Pure.

import type { Order } from '../server/sale';

const kFirstMs = 1000;
const kCardMaxMs = 10_000;
const kStoreMaxMs = 30_000; // a store takes hours, not seconds

// Milliseconds until the next look, or null when nothing more is expected to happen by itself.
export function nextLookMs(
  order: Pick<Order, 'state' | 'payment'>,
  looks: number,
  random: number,
): number | null {
  if (!['held', 'pending_payment', 'paid'].includes(order.state)) return null;
  const most = order.payment?.method === 'konbini' ? kStoreMaxMs : kCardMaxMs;
  const whole = Math.min(most, kFirstMs * 1.5 ** Math.min(looks, 20));
  return whole * (0.8 + 0.2 * random);
}

// Whether a ticket type can be bought now, from what the server told. Pure.

import type { SaleEvent, TicketType } from '../server/sale';

export type Sale = 'open' | 'later' | 'sold_out' | 'over';

export function saleOf(
  event: Pick<SaleEvent, 'state'>,
  type: Pick<TicketType, 'availability' | 'sale_from' | 'sale_until'>,
  now: number,
): Sale {
  if (event.state === 'draft' || event.state === 'announced') return 'later';
  if (event.state === 'ended' || event.state === 'closed') return 'over';
  if (type.sale_until && now >= Date.parse(type.sale_until)) return 'over';
  if (type.sale_from && now < Date.parse(type.sale_from)) return 'later';
  return type.availability === 'none' ? 'sold_out' : 'open';
}

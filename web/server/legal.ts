// What the seller says of himself, and receipts.

import type { Money } from '../format/money';
import { ask } from './ask';
import type { Text } from './sale';

export type LegalField =
  | 'seller'
  | 'representative'
  | 'address'
  | 'phone'
  | 'email'
  | 'price'
  | 'extra_costs'
  | 'payment'
  | 'delivery'
  | 'cancellation'
  | 'environment';

export interface Legal extends Record<Exclude<LegalField, 'price'>, Text> {
  registration_number: Text;
  terms: Text;
  privacy: Text;
  external: { host: string; kinds: string }[];
}
export const legal = () => ask<Legal>('/api/v1/legal');

export interface Receipt {
  number: string;
  addressee: string;
  issued: string;
  reissued: boolean;
  event: { title: Text };
  ticket_type: { title: Text };
  quantity: number;
  total: Money;
  tax: Money;
  tax_rate: number; // percent
  method: string;
  registration_number: string;
}
export const receipt = (order: string) =>
  ask<{ receipt: Receipt | null }>(`/api/v1/orders/${encodeURIComponent(order)}/receipt`);
export const issueReceipt = (order: string, addressee: string) =>
  ask<{ receipt: Receipt }>(`/api/v1/orders/${encodeURIComponent(order)}/receipt`, {
    method: 'POST',
    json: { addressee },
  });

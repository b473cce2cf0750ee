// What is on sale, orders and tickets, as the server tells them.

import type { Money } from '../format/money';
import { ask, askInTurn, useSession, type Session } from './ask';
import type { Play } from './plays';

export interface Text {
  ja?: string;
  en?: string;
}
export type EventState =
  'draft' | 'announced' | 'on_sale' | 'doors_open' | 'live' | 'ended' | 'closed';

export interface Performance {
  id: string;
  title: Text;
  doors: string;
  start: string;
  end: string;
  state: 'scheduled' | 'doors_open' | 'live' | 'ended';
  channels: { name: string; title: Text }[];
}

export type Method = 'card' | 'konbini' | 'free';

export interface TicketType {
  id: string;
  title: Text;
  price: Money;
  tax_rate: number; // percent
  performances: string[];
  availability: 'many' | 'few' | 'none';
  devices: number;
  sale_from: string | null;
  sale_until: string | null;
  per_account: number;
  code_needed: boolean;
  payments: Method[];
}

export interface SaleEvent {
  id: string;
  slug: string;
  state: EventState;
  zone: string;
  title: Text;
  text: Text;
  artwork: string | null;
  performances: Performance[];
  ticket_types: TicketType[];
  now: string;
  aheadMs: number; // the server's clock before this device's, found when this was told
}

export type OrderState =
  | 'held'
  | 'pending_payment'
  | 'paid'
  | 'fulfilled'
  | 'refunded'
  | 'expired'
  | 'cancelled'
  | 'disputed';

export interface Order {
  id: string;
  state: OrderState;
  event: { slug: string; title: Text };
  ticket_type: { id: string; title: Text };
  quantity: number;
  total: Money;
  tax: Money;
  hold_until: string | null;
  pay_until: string | null;
  payment: {
    method: Method;
    state: string;
    pay_url?: string; // while it is open
    number?: string;
    store_deadline?: string;
  } | null;
  created: string;
  tickets: string[];
}

// The money came back to the seller, days or weeks later; it is owed to the buyer still.
export const refundFailed = (order: Pick<Order, 'payment'>) =>
  order.payment?.state === 'refund_failed';

export interface Ticket {
  id: string;
  order: string;
  event: { slug: string; title: Text; artwork: string | null; state: EventState; zone: string };
  performances: Performance[];
  state: 'valid' | 'revoked' | 'over';
  devices: number;
  ics: string;
}

export interface TestReport {
  performance: string;
  device: string;
  picture: boolean;
  sound: boolean;
  drm: { system: string; level: string } | null;
  bandwidth_kbps: number;
  clock_offset_ms: number;
  passed: boolean;
  problems: string[];
  created?: string;
}

const at = (name: string) => encodeURIComponent(name);

export const signIn = async (email: string, password: string, waits: () => void) =>
  useSession(
    await askInTurn<Session>(
      '/api/v1/session',
      { method: 'POST', json: { email, password } },
      waits,
    ),
  );
export const makeAccount = async (wish: {
  email: string;
  password: string;
  name?: string;
  language: string;
}) => useSession(await ask<Session>('/api/v1/accounts', { method: 'POST', json: wish }));
export const signOut = (where: 'here' | 'everywhere') =>
  ask<null>(where === 'here' ? '/api/v1/session' : '/api/v1/sessions', { method: 'DELETE' });

const heard = (told: SaleEvent): SaleEvent => ({
  ...told,
  aheadMs: (Date.parse(told.now) || Date.now()) - Date.now(),
});
export const events = async () =>
  (await ask<{ events: SaleEvent[] }>('/api/v1/events')).events.map(heard);
export const event = async (slug: string) =>
  heard(await ask<SaleEvent>(`/api/v1/events/${at(slug)}`));

export const holdOrder = (wish: { ticket_type: string; quantity: number; code?: string }) =>
  ask<Order>('/api/v1/orders', { method: 'POST', json: wish });
export const order = (id: string) => ask<Order>(`/api/v1/orders/${at(id)}`);
export const orders = async () => (await ask<{ orders: Order[] }>('/api/v1/orders')).orders;
export const confirmOrder = (id: string, method: Method) =>
  ask<{ order: Order; pay_url: string | null }>(`/api/v1/orders/${at(id)}/confirm`, {
    method: 'POST',
    json: { method },
  });
// What the payment provider's script is given; 409 not-possible until the payment is there, and after it.
export interface Paying {
  script: string;
  publishable_key: string;
  client_secret: string;
  order: Order;
}
export const paymentOf = (id: string) => ask<Paying>(`/api/v1/orders/${at(id)}/payment`);
// The server asks the provider, now.
export const lookAtOrder = (id: string) =>
  ask<Order>(`/api/v1/orders/${at(id)}/look`, { method: 'POST', json: {} });
export const cancelOrder = (id: string) =>
  ask<Order>(`/api/v1/orders/${at(id)}/cancel`, { method: 'POST', json: {} });
export const tickets = async () => (await ask<{ tickets: Ticket[] }>('/api/v1/tickets')).tickets;

export const startTestPlay = (performance: string) =>
  ask<Play>('/api/v1/test-plays', { method: 'POST', json: { performance } });
export const sendReport = (report: TestReport) =>
  ask<TestReport>('/api/v1/test-reports', { method: 'POST', json: report });
export const reports = async () =>
  (await ask<{ reports: TestReport[] }>('/api/v1/test-reports')).reports;

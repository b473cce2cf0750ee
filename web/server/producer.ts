// What producers do, as the server takes it.

import { ask } from './ask';
import type { EventState, Order, SaleEvent, TicketType } from './sale';

// The producer sees what buyers do not.
export type ProducerTicketType = TicketType & { capacity: number; taken?: number };
export type ProducerEvent = Omit<SaleEvent, 'ticket_types' | 'now' | 'aheadMs'> & {
  ticket_types: ProducerTicketType[];
};
export type ProducerOrder = Order & {
  buyer?: string;
  missed?: { without_picture_s: number; not_delivered_s: number };
};

export interface EventWish {
  slug: string;
  zone: string;
  title: SaleEvent['title'];
  text: SaleEvent['text'];
  performances: (Pick<SaleEvent['performances'][number], 'title' | 'doors' | 'start' | 'end'> & {
    id?: string;
    channels: SaleEvent['performances'][number]['channels'];
  })[];
  ticket_types: (Omit<ProducerTicketType, 'id' | 'availability' | 'taken'> & { id?: string })[];
}

export interface SignedRecord {
  record: {
    channel: string;
    destroyed: string;
    keys: string[];
    segments_in_memory: number;
  };
  key: string; // Ed25519, base64url
  signature: string;
}

const at = (id: string, more = '') => `/api/v1/producer/events/${encodeURIComponent(id)}${more}`;

export const producerEvents = async () =>
  (await ask<{ events: ProducerEvent[] }>('/api/v1/producer/events')).events;
export const producerEvent = (id: string) => ask<ProducerEvent>(at(id));
export const makeEvent = (wish: EventWish) =>
  ask<ProducerEvent>('/api/v1/producer/events', { method: 'POST', json: wish });
export const saveEvent = (id: string, wish: EventWish) =>
  ask<ProducerEvent>(at(id), { method: 'PUT', json: wish });
export const deleteEvent = (id: string) => ask<null>(at(id), { method: 'DELETE' });
export const moveEvent = (id: string, to: EventState) =>
  ask<ProducerEvent>(at(id, '/state'), { method: 'POST', json: { to } });
export const delayEvent = (
  id: string,
  delay: { performance: string; minutes: number; which: 'start' | 'end' | 'both' },
) => ask<ProducerEvent>(at(id, '/delay'), { method: 'POST', json: delay });
export const sendArtwork = (id: string, file: Blob) =>
  ask<ProducerEvent>(at(id, '/artwork'), { method: 'POST', file });
export const eventOrders = (id: string, after: string) =>
  ask<{ orders: ProducerOrder[]; next: string }>(
    at(id, `/orders?after=${encodeURIComponent(after)}`),
  );
export interface SalesOfEvent {
  step_seconds: number;
  currency: string;
  points: { from: string; orders: number; tickets: number; amount: number }[];
}
export const eventSales = (id: string) => ask<SalesOfEvent>(at(id, '/sales'));
export const ordersFile = (id: string) => at(id, '/orders.csv');
export const addCode = (id: string, code: { ticket_type: string; code: string; uses: number }) =>
  ask<ProducerEvent>(at(id, '/codes'), { method: 'POST', json: code });
export const refundOrder = (id: string) =>
  ask<Pick<Order, 'id' | 'state'>>(`/api/v1/producer/orders/${encodeURIComponent(id)}/refund`, {
    method: 'POST',
    json: {},
  });
export const destruction = async (id: string) =>
  (await ask<{ records: SignedRecord[] }>(at(id, '/destruction'))).records;

// An event as its producer types it, and back. Pure: texts in, the server's event out, or what is wrong.

import { minorDigits, typedAmount } from '../format/money';
import { dayOf, typedInstant, typedTime } from '../format/typed_time';
import { isZone } from '../format/zone';
import type { EventWish, ProducerEvent } from '../server/producer';
import type { Method, Text } from '../server/sale';

export interface PerformanceDraft {
  id?: string;
  title: Text;
  day: string; // YYYY-MM-DD
  doors: string; // 25:30 is half past one in the night after
  start: string;
  end: string;
  channels: string; // "main, angle-2"
}

export interface TicketTypeDraft {
  id?: string;
  title: Text;
  price: string; // in the major unit
  currency: string;
  taxRate: string;
  capacity: string;
  devices: string;
  perAccount: string;
  performances: string[];
  saleFrom: { day: string; time: string };
  saleUntil: { day: string; time: string };
  codeNeeded: boolean;
  payments: Method[];
}

export interface Draft {
  slug: string;
  zone: string;
  title: Text;
  text: Text;
  performances: PerformanceDraft[];
  ticketTypes: TicketTypeDraft[];
}

export type Wrong =
  | { what: 'slug' | 'zone' | 'title' }
  | { what: 'name' | 'time' | 'order' | 'channel'; performance: number }
  | { what: 'name' | 'price' | 'number' | 'window' | 'for' | 'payment'; ticketType: number };

export function draftOf(event: ProducerEvent): Draft {
  const { zone } = event;
  const moment = (at: string | null) => {
    if (!at) return { day: '', time: '' };
    const day = dayOf(Date.parse(at), zone);
    return { day, time: typedTime(Date.parse(at), day, zone) };
  };
  return {
    slug: event.slug,
    zone,
    title: event.title,
    text: event.text,
    performances: event.performances.map((one) => {
      const day = dayOf(Date.parse(one.doors), zone);
      const time = (at: string) => typedTime(Date.parse(at), day, zone);
      return {
        id: one.id,
        title: one.title,
        day,
        doors: time(one.doors),
        start: time(one.start),
        end: time(one.end),
        channels: one.channels.map(({ name }) => name).join(', '),
      };
    }),
    ticketTypes: event.ticket_types.map((type) => ({
      id: type.id,
      title: type.title,
      price: String(type.price.amount / 10 ** minorDigits(type.price.currency)),
      currency: type.price.currency,
      taxRate: String(type.tax_rate),
      capacity: String(type.capacity),
      devices: String(type.devices),
      perAccount: String(type.per_account),
      performances: type.performances,
      saleFrom: moment(type.sale_from),
      saleUntil: moment(type.sale_until),
      codeNeeded: type.code_needed,
      payments: type.payments,
    })),
  };
}

export function wishOf(draft: Draft, before: ProducerEvent | null): EventWish | Wrong {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(draft.slug)) return { what: 'slug' };
  if (!isZone(draft.zone)) return { what: 'zone' };
  if (!isNamed(draft.title)) return { what: 'title' };
  const performances: EventWish['performances'] = [];
  for (const [index, one] of draft.performances.entries()) {
    const made = performanceOf(one, draft.zone, before);
    if (typeof made === 'string') return { what: made, performance: index };
    performances.push(made);
  }
  const ticket_types: EventWish['ticket_types'] = [];
  for (const [index, type] of draft.ticketTypes.entries()) {
    const made = ticketTypeOf(type, draft.zone);
    if (typeof made === 'string') return { what: made, ticketType: index };
    ticket_types.push(made);
  }
  const { slug, zone, title, text } = draft;
  return { slug, zone, title, text, performances, ticket_types };
}

const isNamed = ({ ja, en }: Text) => Boolean(ja || en);

export const isWrong = (made: EventWish | Wrong): made is Wrong => 'what' in made;

const rfc3339 = (instant: number) => new Date(instant).toISOString().replace('.000Z', 'Z');

function performanceOf(
  draft: PerformanceDraft,
  zone: string,
  before: ProducerEvent | null,
): EventWish['performances'][number] | 'name' | 'time' | 'order' | 'channel' {
  if (!isNamed(draft.title)) return 'name';
  const [doors, start, end] = [draft.doors, draft.start, draft.end].map((time) =>
    typedInstant(draft.day, time, zone),
  ) as [number | null, number | null, number | null];
  if (doors === null || start === null || end === null) return 'time';
  if (doors > start || start >= end) return 'order';
  const names = draft.channels.split(/[,、\s]+/).filter(Boolean);
  if (names.length === 0 || !names.every((name) => /^[A-Za-z0-9_-]{1,64}$/.test(name))) {
    return 'channel';
  }
  const known = before?.performances.find(({ id }) => id === draft.id)?.channels ?? [];
  return {
    ...(draft.id ? { id: draft.id } : {}),
    title: draft.title,
    doors: rfc3339(doors),
    start: rfc3339(start),
    end: rfc3339(end),
    channels: names.map(
      (name) => known.find((channel) => channel.name === name) ?? { name, title: { en: name } },
    ),
  };
}

function ticketTypeOf(
  draft: TicketTypeDraft,
  zone: string,
): EventWish['ticket_types'][number] | 'name' | 'price' | 'number' | 'window' | 'for' | 'payment' {
  if (!isNamed(draft.title)) return 'name';
  const amount = typedAmount(draft.price, draft.currency);
  if (amount === null) return 'price';
  const count = (text: string, most: number) => {
    const number = /^\d{1,7}$/.test(text.normalize('NFKC')) ? Number(text.normalize('NFKC')) : NaN;
    return number <= most ? number : null;
  };
  const tax_rate = count(draft.taxRate, 100);
  const capacity = count(draft.capacity, 1_000_000);
  const devices = count(draft.devices, 10);
  const per_account = count(draft.perAccount, 10);
  if (tax_rate === null || !capacity || !devices || !per_account) return 'number';
  const from = typedInstant(draft.saleFrom.day, draft.saleFrom.time, zone);
  const until = typedInstant(draft.saleUntil.day, draft.saleUntil.time, zone);
  if (from === null || until === null || from >= until) return 'window';
  if (draft.performances.length === 0) return 'for';
  if (amount > 0 && draft.payments.length === 0) return 'payment';
  return {
    ...(draft.id ? { id: draft.id } : {}),
    title: draft.title,
    price: { amount, currency: draft.currency },
    tax_rate,
    capacity,
    devices,
    per_account,
    performances: draft.performances,
    sale_from: rfc3339(from),
    sale_until: rfc3339(until),
    code_needed: draft.codeNeeded,
    payments: amount === 0 ? [] : draft.payments,
  };
}

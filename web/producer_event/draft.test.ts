import { describe, expect, it } from 'vitest';
import type { ProducerEvent } from '../server/producer';
import { draftOf, isWrong, wishOf, type Draft } from './draft';

const event: ProducerEvent = {
  id: 'ev_1',
  slug: 'winter-gala',
  state: 'draft',
  zone: 'Asia/Tokyo',
  title: { ja: '冬の宴', en: 'Winter gala' },
  text: { ja: '', en: 'Songs.' },
  artwork: null,
  performances: [
    {
      id: 'pf_1',
      title: { en: 'Night' },
      doors: '2026-12-24T14:30:00Z',
      start: '2026-12-24T15:00:00Z',
      end: '2026-12-24T16:30:00Z',
      state: 'scheduled',
      channels: [{ name: 'main', title: { en: 'Main stage' } }],
    },
  ],
  ticket_types: [
    {
      id: 'tt_1',
      title: { en: 'Standard' },
      price: { amount: 3300, currency: 'JPY' },
      tax_rate: 10,
      performances: ['pf_1'],
      availability: 'many',
      devices: 1,
      sale_from: '2026-11-30T15:00:00Z',
      sale_until: '2026-12-24T16:30:00Z',
      per_account: 4,
      code_needed: false,
      payments: ['card', 'konbini'],
      capacity: 500,
    },
  ],
};

describe('a draft', () => {
  it('shows the night after as hours beyond 24', () => {
    const [night] = draftOf(event).performances;
    expect(night).toMatchObject({
      day: '2026-12-24',
      doors: '23:30',
      start: '24:00',
      end: '25:30',
    });
    expect(draftOf(event).ticketTypes[0]!.saleFrom).toEqual({ day: '2026-12-01', time: '00:00' });
  });

  it('comes back as the event it was made of', () => {
    const wish = wishOf(draftOf(event), event);
    const { availability: _a, ...type } = event.ticket_types[0]!;
    const { state: _s, ...performance } = event.performances[0]!;
    expect(wish).toEqual({
      slug: event.slug,
      zone: event.zone,
      title: event.title,
      text: event.text,
      performances: [performance],
      ticket_types: [type],
    });
  });
});

describe('what is wrong is named with its place', () => {
  const changed = (change: (draft: Draft) => void) => {
    const draft = structuredClone(draftOf(event));
    change(draft);
    const made = wishOf(draft, event);
    return isWrong(made) ? made : null;
  };

  it('in the event', () => {
    expect(changed((draft) => (draft.slug = 'Winter Gala'))).toEqual({ what: 'slug' });
    expect(changed((draft) => (draft.zone = 'Tokyo'))).toEqual({ what: 'zone' });
    expect(changed((draft) => (draft.title = {}))).toEqual({ what: 'title' });
  });

  it('in a performance', () => {
    const one = (change: Partial<Draft['performances'][number]>) =>
      changed((draft) => Object.assign(draft.performances[0]!, change));
    expect(one({ end: '1:30' })).toEqual({ what: 'order', performance: 0 });
    expect(one({ title: { ja: '' } })).toEqual({ what: 'name', performance: 0 });
    expect(one({ start: 'noon' })).toEqual({ what: 'time', performance: 0 });
    expect(one({ channels: 'main stage!' })).toEqual({ what: 'channel', performance: 0 });
  });

  it('in a ticket type', () => {
    const one = (change: Partial<Draft['ticketTypes'][number]>) =>
      changed((draft) => Object.assign(draft.ticketTypes[0]!, change));
    expect(one({ title: {} })).toEqual({ what: 'name', ticketType: 0 });
    expect(one({ price: '33.5' })).toEqual({ what: 'price', ticketType: 0 });
    expect(one({ capacity: '0' })).toEqual({ what: 'number', ticketType: 0 });
    expect(one({ payments: [] })).toEqual({ what: 'payment', ticketType: 0 });
    expect(one({ performances: [] })).toEqual({ what: 'for', ticketType: 0 });
    expect(one({ saleUntil: { day: '2026-11-01', time: '10:00' } })).toEqual({
      what: 'window',
      ticketType: 0,
    });
    expect(one({ saleFrom: { day: '', time: '' } })).toEqual({ what: 'window', ticketType: 0 });
  });

  it('and a free ticket is paid by nothing', () => {
    const draft = structuredClone(draftOf(event));
    draft.ticketTypes[0]!.price = '0';
    const made = wishOf(draft, event);
    expect(!isWrong(made) && made.ticket_types[0]!.payments).toEqual([]);
  });
});

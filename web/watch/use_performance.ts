// The performance that a ticket is for: its times as they are now, followed while the page is open, and
// what has moved since.

import { useEffect, useState } from 'preact/hooks';
import { event as askEvent, events, type Performance, type SaleEvent } from '../server/sale';
import { movesOf, type Move } from './moves';

const kLookMs = 20_000; // a delay is on every screen within half a minute

export interface Performing {
  event: SaleEvent;
  performance: Performance;
  moves: Move[];
}

export function usePerformance(id: string | null): Performing | null {
  const [now, setNow] = useState<Performing | null>(null);
  useEffect(() => {
    if (!id) return;
    let slug = '';
    let timer = 0;
    let gone = false;
    const look = async () => {
      const event = await (slug ? askEvent(slug) : find(id)).catch(() => null);
      if (gone) return;
      const performance = event?.performances.find((one) => one.id === id);
      if (event && performance) {
        slug = event.slug;
        setNow((last) => ({
          event,
          performance,
          moves: last ? [...last.moves, ...movesOf(last.performance, performance)] : [],
        }));
      }
      timer = window.setTimeout(() => void look(), kLookMs * (0.8 + Math.random() * 0.4));
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id]);
  return now;
}

const find = async (id: string): Promise<SaleEvent | null> =>
  (await events()).find(({ performances }) => performances.some((one) => one.id === id)) ?? null;

// What has moved between two looks at a performance. Pure.

import type { Performance } from '../server/sale';

export interface Move {
  what: 'doors' | 'start' | 'end';
  to: string;
  minutes: number; // later; negative: earlier
}

type Times = Pick<Performance, 'doors' | 'start' | 'end'>;

// Doors that move together with the start are one news, not two.
export function movesOf(before: Times, now: Times): Move[] {
  const moved = (what: Move['what']): Move[] => {
    const minutes = Math.round((Date.parse(now[what]) - Date.parse(before[what])) / 60_000);
    return minutes === 0 ? [] : [{ what, to: now[what], minutes }];
  };
  const start = moved('start');
  const end = moved('end');
  if (start.length > 0) return start;
  return [...moved('doors'), ...end];
}

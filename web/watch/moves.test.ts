import { expect, it } from 'vitest';
import { movesOf } from './moves';

const times = {
  doors: '2026-12-24T09:00:00Z',
  start: '2026-12-24T10:00:00Z',
  end: '2026-12-24T12:00:00Z',
};

it('a later start is one news, although doors and end move with it', () => {
  const later = {
    doors: '2026-12-24T09:15:00Z',
    start: '2026-12-24T10:15:00Z',
    end: '2026-12-24T12:15:00Z',
  };
  expect(movesOf(times, later)).toEqual([{ what: 'start', to: later.start, minutes: 15 }]);
});

it('an extension is a later end', () => {
  const end = '2026-12-24T12:30:00Z';
  expect(movesOf(times, { ...times, end })).toEqual([{ what: 'end', to: end, minutes: 30 }]);
});

it('nothing moved is no news', () => {
  expect(movesOf(times, { ...times })).toEqual([]);
});

import { expect, it } from 'vitest';
import { curveOf } from './curve';

const at = (hour: number, tickets: number) => ({
  from: new Date(Date.UTC(2027, 0, 1, hour)).toISOString(),
  tickets,
});

it('goes from below on the left to above on the right', () => {
  expect(curveOf([at(0, 4)], 3600)).toBe('M0 160H0L600 0');
});

it('is flat while nothing is sold', () => {
  expect(curveOf([at(0, 1), at(3, 1)], 3600)).toBe('M0 160H0L150 80H450L600 0');
});

it('is nothing without sales', () => {
  expect(curveOf([], 3600)).toBe('');
});

import { describe, expect, it } from 'vitest';
import { channelOf, isName } from './names';

const at = (address: string) =>
  channelOf(new URL(address, 'http://localhost') as unknown as Location);

describe('channelOf', () => {
  it('reads the path, then the query, then takes main', () => {
    expect(at('/watch/stage-1')).toBe('stage-1');
    expect(at('/watch?channel=stage_2')).toBe('stage_2');
    expect(at('/watch')).toBe('main');
  });

  it('does not pass on what is no name', () => {
    expect(at('/watch/a%2Fb')).toBe('main');
    expect(at('/watch?channel=../x')).toBe('main');
    expect(at(`/watch/${'a'.repeat(65)}`)).toBe('main');
  });
});

describe('isName', () => {
  it('is one to 64 of letters, digits, - and _', () => {
    expect(isName('A-z_0')).toBe(true);
    expect(isName('')).toBe(false);
    expect(isName('名')).toBe(false);
    expect(isName('a b')).toBe(false);
  });
});

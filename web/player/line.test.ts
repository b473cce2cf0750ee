import { describe, expect, it } from 'vitest';
import { Refusal } from '../server/ask';
import { backOffMs, socketAddress, stateOfRefusal } from './line';

describe('backOffMs', () => {
  it('doubles up to eight seconds, half of it random', () => {
    expect(backOffMs(0, 0)).toBe(125);
    expect(backOffMs(0, 1)).toBe(250);
    expect(backOffMs(3, 1)).toBe(2000);
    expect(backOffMs(50, 1)).toBe(8000);
    expect(backOffMs(50, 0)).toBe(4000);
  });
});

describe('socketAddress', () => {
  it('follows the page from http to ws and from https to wss', () => {
    expect(socketAddress('/live/main/ws', {}, 'http://localhost:8080/watch/main')).toBe(
      'ws://localhost:8080/live/main/ws',
    );
    expect(socketAddress('/live/main/ws', {}, 'https://a.example/')).toBe(
      'wss://a.example/live/main/ws',
    );
    expect(socketAddress('wss://b.example/ws', {}, 'http://a.example/')).toBe('wss://b.example/ws');
  });

  it('adds to a query and replaces what is there', () => {
    const query = { after: '17', format: 'jpeg' };
    expect(socketAddress('ws://a.example/ws?after=3&latency=0', query, 'http://a.example/')).toBe(
      'ws://a.example/ws?after=17&latency=0&format=jpeg',
    );
  });
});

describe('stateOfRefusal', () => {
  it('ends only on answers that another attempt would not change', () => {
    const state = (status: number) => stateOfRefusal(new Refusal(status, '', 0));
    expect(state(401)).toBe('token');
    expect(state(403)).toBe('refused');
    expect(state(404)).toBe('missing');
    expect(state(429)).toBeNull();
    expect(state(503)).toBeNull();
    expect(state(0)).toBeNull();
  });

  it('goes by the name of the problem where there is one', () => {
    const state = (status: number, problem: string) =>
      stateOfRefusal(new Refusal(status, '', 0, problem));
    expect(state(403, 'no-ticket')).toBe('ticket');
    expect(state(403, 'not-open-yet')).toBe('early');
    expect(state(403, 'over')).toBe('ended');
    expect(state(409, 'too-many-devices')).toBe('places');
    expect(state(403, 'something-new')).toBe('refused');
  });
});

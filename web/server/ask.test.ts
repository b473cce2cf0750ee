import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

type Asked = { path: string; method: string; csrf: string | null; bearer: string | null };

// A server of a few answers: a function per "METHOD /path", in the order in which it is asked.
let asked: Asked[];
let answers: Record<string, (() => Response)[]>;
let ask: typeof import('./ask').ask;
let askInTurn: typeof import('./ask').askInTurn;
let Refusal: typeof import('./ask').Refusal;

const json =
  (body: unknown, status = 200, headers = {}) =>
  () =>
    new Response(JSON.stringify(body), { status, headers });
const session = (csrf: string) => json({ account: null, csrf });

beforeEach(async () => {
  asked = [];
  answers = {};
  vi.stubGlobal('fetch', (path: string, request: RequestInit) => {
    const headers = new Headers(request.headers);
    const method = request.method ?? 'GET';
    asked.push({
      path,
      method,
      csrf: headers.get('X-CSRF-Token'),
      bearer: headers.get('Authorization'),
    });
    const next = answers[`${method} ${path}`]?.shift();
    return next ? Promise.resolve(next()) : Promise.reject(new TypeError('no answer'));
  });
  vi.resetModules(); // nobody is known yet
  ({ ask, askInTurn, Refusal } = await import('./ask'));
});

describe('a write', () => {
  it('carries the CSRF token of the session, which is asked for once', async () => {
    answers['GET /api/v1/session'] = [session('one')];
    answers['POST /x'] = [json({}), json({})];
    await ask('/x', { method: 'POST', json: {} });
    await ask('/x', { method: 'POST', json: {} });
    expect(asked.map(({ path, csrf }) => [path, csrf])).toEqual([
      ['/api/v1/session', null],
      ['/x', 'one'],
      ['/x', 'one'],
    ]);
  });

  it('is tried once more when another tab has signed in meanwhile', async () => {
    answers['GET /api/v1/session'] = [session('old'), session('new')];
    const refused = json({ detail: 'A write with a cookie needs the header X-CSRF-Token.' }, 403);
    answers['POST /x'] = [refused, json({ done: true })];
    expect(await ask('/x', { method: 'POST', json: {} })).toEqual({ done: true });
    expect(asked.filter(({ path }) => path === '/x').map(({ csrf }) => csrf)).toEqual([
      'old',
      'new',
    ]);
  });

  it('is not tried again for another reason', async () => {
    answers['GET /api/v1/session'] = [session('one')];
    answers['POST /x'] = [json({ detail: 'No.' }, 403)];
    await expect(ask('/x', { method: 'POST', json: {} })).rejects.toThrow('No.');
    expect(asked.filter(({ path }) => path === '/x')).toHaveLength(1);
  });

  it('by bearer, or where no account is needed, asks for no session', async () => {
    answers['POST /x'] = [json({}), json({})];
    await ask('/x', { method: 'POST', json: {}, token: 't' });
    await ask('/x', { method: 'POST', json: {}, anonymous: true });
    expect(asked.map(({ path, bearer, csrf }) => [path, bearer, csrf])).toEqual([
      ['/x', 'Bearer t', null],
      ['/x', null, null],
    ]);
  });
});

describe('a refusal', () => {
  it('tells the name of the problem, what the server said, and when to come again', async () => {
    const body = { type: '/problems/too-many-devices', detail: 'Two play.', devices: [1] };
    answers['GET /x'] = [json(body, 409, { 'Retry-After': '3' })];
    const refusal = await ask('/x').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      status: 409,
      problem: 'too-many-devices',
      detail: 'Two play.',
      retryAfterMs: 3000,
      body,
    });
  });

  it('of a server that does not answer has status 0', async () => {
    await expect(ask('/x')).rejects.toMatchObject({ status: 0, problem: '' });
  });

  it('that is no JSON is a refusal all the same', async () => {
    answers['GET /x'] = [() => new Response('<h1>502</h1>', { status: 502 })];
    await expect(ask('/x')).rejects.toMatchObject({ status: 502, detail: '' });
  });
});

describe('a question whose turn comes', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const full = json({}, 503, { 'Retry-After': '7' });

  it('is asked again when the server said so, and says that it waits', async () => {
    answers['POST /x'] = [full, full, json({ in: true })];
    const waits = vi.fn();
    const answer = askInTurn('/x', { method: 'POST', anonymous: true, json: {} }, waits);
    await vi.advanceTimersByTimeAsync(6_900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(7_100);
    await expect(answer).resolves.toEqual({ in: true });
    expect(waits).toHaveBeenCalledTimes(2);
  });

  it('is not for ever, and not for another refusal', async () => {
    answers['POST /x'] = Array.from({ length: 60 }, () => full);
    const answer = askInTurn('/x', { method: 'POST', anonymous: true, json: {} }, () => {});
    const refused = expect(answer).rejects.toMatchObject({ status: 503 });
    await vi.advanceTimersByTimeAsync(200_000);
    await refused;
    answers['POST /y'] = [json({}, 401, { 'Retry-After': '1' })];
    await expect(
      askInTurn('/y', { method: 'POST', anonymous: true, json: {} }, () => {}),
    ).rejects.toMatchObject({ status: 401 });
  });
});

import { afterEach, expect, test, vi } from 'vitest';
import { askLicense, type ServiceToken } from './license';

afterEach(() => vi.unstubAllGlobals());

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;
const text = (license: ArrayBuffer | null) =>
  new TextDecoder().decode(license ?? new ArrayBuffer());

interface Asked {
  url: string;
  headers: Headers;
  body: string;
}

// Our server gives `token` (or refuses with a status), the service answers `license`.
function world(token: ServiceToken | number, license: string): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const { body } = init;
    asked.push({
      url,
      headers: new Headers(init.headers),
      body: body instanceof ArrayBuffer ? text(body) : String(body ?? ''),
    });
    if (!url.endsWith('/token')) return new Response(license);
    return typeof token === 'number' ? new Response('', { status: token }) : Response.json(token);
  });
  return asked;
}

const play = { license: '/t/T/license', license_tokens: true };
const token: ServiceToken = {
  url: 'https://drm.example/w',
  headers: { 'X-AxDRM-Message': 'eyJ' },
  form: 'raw',
};

test('with tokens the challenge goes to the service itself, with its header, unchanged', async () => {
  const asked = world(token, 'LICENSE');
  const { status, license } = await askLicense(play, 'widevine', bytes('CHALLENGE'), null);
  expect([status, text(license)]).toEqual([200, 'LICENSE']);
  expect(asked.map(({ url }) => url)).toEqual([
    '/t/T/license/widevine/token',
    'https://drm.example/w',
  ]);
  expect(asked[1]!.headers.get('X-AxDRM-Message')).toBe('eyJ');
  expect(asked[1]!.headers.get('Content-Type')).toBe('application/octet-stream');
  expect(asked[1]!.body).toBe('CHALLENGE');
});

test('without tokens, and for ClearKey always, it goes to our server', async () => {
  const asked = world(token, 'LICENSE');
  await askLicense({ license: '/t/T/license' }, 'widevine', bytes('C'), null);
  await askLicense(play, 'clearkey', bytes('C'), null);
  expect(asked.map(({ url }) => url)).toEqual(['/t/T/license/widevine', '/t/T/license/clearkey']);
});

test('who may not watch gets no token, and the service is not asked', async () => {
  const asked = world(403, 'LICENSE');
  expect(await askLicense(play, 'widevine', bytes('C'), null)).toEqual({
    status: 403,
    license: null,
  });
  expect(asked.length).toBe(1);
});

test('a service that is away is no refusal', async () => {
  vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('network')));
  expect(await askLicense(play, 'widevine', bytes('C'), null)).toEqual({
    status: 0,
    license: null,
  });
});

test('FairPlay: the SPC goes in the form that the service takes, the CKC comes back as bytes', async () => {
  for (const [form, type, body, answer] of [
    ['raw', 'application/octet-stream', 'SPC', 'Q0tD'],
    ['form', null, 'spc=U1BD&assetId=a%2Fb', '<ckc>Q0tD</ckc>'],
    ['json', 'application/json', '{"spc":"U1BD","assetId":"a/b"}', '{"ckc":"Q0tD","v":1}'],
  ] as const) {
    const asked = world({ ...token, form }, answer);
    const { license } = await askLicense(play, 'fairplay', bytes('SPC'), 'a/b');
    expect(text(license)).toBe('CKC');
    expect(asked[1]!.headers.get('Content-Type')).toBe(type);
    expect(asked[1]!.body).toBe(body);
  }
});

test('a CKC that is bytes stays as it is', async () => {
  const raw = '\u0000\u0001 CKC';
  world(token, raw);
  const { license } = await askLicense(play, 'fairplay', bytes('SPC'), null);
  expect(text(license)).toBe(raw);
});

// A FAKE license service: it issues nothing that a real device takes. It keeps its own books of what
// came in, byte for byte, answers with bytes of its own, and fails on command (`failing`, `delayMs`,
// `clockOffMs`, and `wrap`: another form for its licenses). It knows its customers by a credential in a
// header, or by the token that a player carries, which it verifies with code of its own.
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.mjs';
import { temporaryFolder } from './server.mjs';

// {key, cert} for https on localhost; `days` below zero: it has expired.
export async function selfSigned(days = 2) {
  const folder = await temporaryFolder();
  const [key, cert, request] = ['key', 'cert', 'request'].map((name) => join(folder, `${name}.pem`));
  await run('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', key, '-out', request]);
  await run('openssl', ['x509', '-req', '-in', request, '-signkey', key, '-days', String(days), '-out', cert]);
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

// `pair`: {key, cert} as PEM; then by https. `token`: {form, key, keyId, merchant} instead of a credential.
export async function fakeLicenseService({ credential = ['x-api-key', 'the service knows butai by this'], pair, token } = {}) {
  const service = { books: [], failing: null, delayMs: 0, clockOffMs: 0, wrap: null };
  const answerAll = async (request, answer) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    // As services allow players on any page; a cookie is never asked for.
    answer.setHeader('Access-Control-Allow-Origin', '*').setHeader('Access-Control-Allow-Headers', request.headers['access-control-request-headers'] ?? '*');
    if (request.method === 'OPTIONS') return answer.writeHead(204).end();
    const entry = { url: request.url, headers: request.headers, body: Buffer.concat(pieces) };
    service.books.push(entry);
    if (service.clockOffMs) answer.setHeader('Date', new Date(Date.now() + service.clockOffMs).toUTCString());
    if (service.delayMs) await new Promise((next) => setTimeout(next, service.delayMs));
    if (token) {
      try {
        entry.token = kForms[token.form](request.headers, token, Date.now() + service.clockOffMs);
      } catch (error) {
        entry.refused = error.message;
        return answer.writeHead(403).end(error.message);
      }
    } else if (request.headers[credential[0]] !== credential[1]) {
      return answer.writeHead(401).end('who are you?');
    }
    if (service.failing) return answer.writeHead(service.failing).end('out of order');
    entry.license = Buffer.concat([Buffer.from('FAKE LICENSE '), randomBytes(300)]);
    answer.writeHead(200, { 'Content-Type': entry.headers['content-type']?.includes('xml') ? 'text/xml; charset=utf-8' : 'application/octet-stream' });
    answer.end(service.wrap ? await service.wrap(entry.license, entry) : entry.license);
  };
  const server = pair ? createSecureServer(pair, answerAll) : createServer(answerAll);
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  service.url = `${pair ? 'https://localhost' : 'http://127.0.0.1'}:${server.address().port}`;
  service.header = `${credential[0]}: ${credential[1]}`;
  service.stop = () => new Promise((done) => { server.closeAllConnections(); server.close(done); });
  return service;
}

// {header, claims} of a JSON web token that this key signed with this algorithm.
function verified(text, key, algorithm) {
  const [head, body, mac] = (text ?? '').split('.');
  if (!mac) throw new Error('no token');
  const header = JSON.parse(Buffer.from(head, 'base64url'));
  if (header.alg !== algorithm) throw new Error(`signed with ${header.alg}`);
  const own = createHmac(algorithm === 'HS512' ? 'sha512' : 'sha256', key).update(`${head}.${body}`).digest('base64url');
  if (own !== mac) throw new Error('not signed by you');
  return { header, claims: JSON.parse(Buffer.from(body, 'base64url')) };
}
const orThrow = (good, why) => {
  if (!good) throw new Error(why);
};

// Of each form: who it is for and which keys may be given, as {play, kids, raw}; or an error.
const kForms = {
  axinom(headers, { key, keyId }, now) {
    const { claims } = verified(headers['x-axdrm-message'], key, 'HS256');
    orThrow(claims.version === 1 && claims.com_key_id === keyId, 'no such communication key');
    orThrow(Date.parse(claims.begin_date) <= now && now < Date.parse(claims.expiration_date), 'the token has expired');
    orThrow(claims.message.type === 'entitlement_message' && claims.message.version === 2, 'no entitlement message');
    return { kids: claims.message.content_keys_source.inline.map(({ id }) => id), raw: claims };
  },
  jwt(headers, { key, keyId }, now) {
    const { header, claims } = verified(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1], key, 'HS256');
    orThrow(header.kid === keyId, 'no such key');
    orThrow(claims.nbf * 1000 <= now && now < claims.exp * 1000, 'the token has expired');
    return { play: claims.sub, kids: claims.kids, raw: claims };
  },
  drmtoday(headers, { key, keyId, merchant }, now) {
    const custom = JSON.parse(Buffer.from(headers['x-dt-custom-data'] ?? '', 'base64'));
    orThrow(custom.merchant === merchant, 'no such merchant');
    if (!key) return { play: custom.sessionId, kids: [], raw: custom };
    const { header, claims } = verified(headers['x-dt-auth-token'], key, 'HS512');
    orThrow(header.kid === keyId, 'no such key');
    orThrow(now < claims.exp * 1000, 'the token has expired');
    const who = JSON.parse(claims.optData);
    orThrow(who.merchant === merchant && who.userId === custom.userId, 'token and custom data differ');
    return { play: who.userId, kids: JSON.parse(claims.crt).map(({ keyId: id }) => id), raw: claims };
  },
};

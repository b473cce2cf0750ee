// A FAKE license service: it issues nothing that a real device takes. It keeps its own books of what
// came in, byte for byte, answers with bytes of its own, and fails on command (`failing`, `delayMs`,
// `clockOffMs`, and `wrap`: another form for its licenses).
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { randomBytes } from 'node:crypto';

// `pair`: {key, cert} as PEM; then by https.
export async function fakeLicenseService({ credential = ['x-api-key', 'the service knows butai by this'], pair } = {}) {
  const service = { books: [], failing: null, delayMs: 0, clockOffMs: 0, wrap: null };
  const answerAll = async (request, answer) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const entry = { url: request.url, headers: request.headers, body: Buffer.concat(pieces) };
    service.books.push(entry);
    if (service.clockOffMs) answer.setHeader('Date', new Date(Date.now() + service.clockOffMs).toUTCString());
    if (service.delayMs) await new Promise((next) => setTimeout(next, service.delayMs));
    if (request.headers[credential[0]] !== credential[1]) return answer.writeHead(401).end('who are you?');
    if (service.failing) return answer.writeHead(service.failing).end('out of order');
    entry.license = Buffer.concat([Buffer.from('FAKE LICENSE '), randomBytes(300)]);
    answer.writeHead(200, { 'Content-Type': entry.headers['content-type']?.includes('xml') ? 'text/xml; charset=utf-8' : 'application/octet-stream' });
    answer.end(service.wrap ? service.wrap(entry.license) : entry.license);
  };
  const server = pair ? createSecureServer(pair, answerAll) : createServer(answerAll);
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  service.url = `${pair ? 'https://localhost' : 'http://127.0.0.1'}:${server.address().port}`;
  service.header = `${credential[0]}: ${credential[1]}`;
  service.stop = () => new Promise((done) => { server.closeAllConnections(); server.close(done); });
  return service;
}

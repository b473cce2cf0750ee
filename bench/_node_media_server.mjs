// node-media-server as its package starts it, on the ports that were given: HTTP RTMP.
import { createRequire } from 'node:module';

const [http, rtmp] = process.argv.slice(2).map(Number);
const NodeMediaServer = createRequire(import.meta.url)('node-media-server');
new NodeMediaServer({
  bind: '127.0.0.1',
  notify: { url: '' },
  auth: { play: false, publish: false, secret: '', jwt: { secret: 'of a benchmark', expiresIn: '1h', refreshExpiresIn: '1h', algorithm: 'HS256', users: [] } },
  store: { path: './data', maxHistory: 10 },
  rtmp: { port: rtmp },
  http: { port: http },
  record: { auto: false, path: './record' },
}).run();

// npm `ws` as a fan-out server: what arrives at /ws goes to everybody else, once a flush.
//   _ws_fanout.mjs PORT FLUSH_MS prepared|naive
// "prepared": one frame made by the library's own Sender.frame, written to each socket; "naive":
// client.send(), which makes the frame again for each.
import { Sender, WebSocketServer } from 'ws';

const [port, flushMs, how] = process.argv.slice(2);
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), perMessageDeflate: false, backlog: 4096, maxPayload: 16 << 20 });
const viewers = new Set();
let batch = [];

function flush() {
  if (batch.length === 0) return;
  const message = batch.length === 1 ? batch[0] : Buffer.concat(batch);
  batch = [];
  if (how === 'naive') {
    for (const viewer of viewers) viewer.send(message);
    return;
  }
  const frame = Buffer.concat(Sender.frame(message, { fin: true, rsv1: false, opcode: 2, mask: false, readOnly: false }));
  for (const viewer of viewers) viewer._socket.write(frame);
}

server.on('connection', (socket, request) => {
  socket.on('error', () => {});
  if (!request.url.startsWith('/ws')) {
    viewers.add(socket);
    socket.on('close', () => viewers.delete(socket));
    return;
  }
  socket.on('message', (message) => {
    batch.push(message);
    if (flushMs === '0') flush();
  });
});
if (flushMs !== '0') setInterval(flush, Number(flushMs));
server.on('listening', () => console.log('ready'));

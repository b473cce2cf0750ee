// A line to a server's socket file that takes its time: what the server says arrives so much later, in order.
// One round trip of whoever asks through it costs that much.
import net from 'node:net';

export class SlowLine {
  delayMs = 0;
  static async to(path) {
    const line = new SlowLine();
    line.sockets = new Set();
    line.proxy = net.createServer((near) => {
      const far = net.connect(path);
      for (const socket of [near, far]) {
        line.sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => line.sockets.delete(socket));
      }
      near.on('close', () => far.destroy());
      far.on('close', () => setTimeout(() => near.destroy(), line.delayMs)); // behind its last words
      near.setNoDelay(true);
      near.on('data', (piece) => far.write(piece));
      far.on('data', (piece) => setTimeout(() => near.destroyed || near.write(piece), line.delayMs));
    });
    await new Promise((ready) => line.proxy.listen(0, '127.0.0.1', ready));
    line.port = line.proxy.address().port;
    return line;
  }
  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.proxy.close(done));
  }
}

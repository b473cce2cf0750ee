// Stands before a server and puts one script in front of all others of its pages: what another
// browser lacks can be taken away before the page looks for it. It gives its script the nonce of the page,
// without which nothing runs. `change(url, text)` may write other answers in JSON anew.
import http from 'node:http';
import net from 'node:net';

const kPath = '/injected-by-the-test.js';

export async function injectingProxy(targetPort, script, change) {
  const server = http.createServer((request, answer) => {
    if (request.url === kPath) {
      answer.setHeader('Content-Type', 'text/javascript');
      return answer.end(script);
    }
    const headers = { ...request.headers, 'accept-encoding': 'identity' };
    delete headers['if-none-match'];
    const asked = http.request({ host: '127.0.0.1', port: targetPort, method: request.method, path: request.url, headers }, (got) => {
      const type = got.headers['content-type'] ?? '';
      const page = type.startsWith('text/html'), changes = change && type.startsWith('application/json');
      const { 'content-length': length, ...kept } = got.headers;
      answer.writeHead(got.statusCode, page || changes ? kept : got.headers);
      if (!page && !changes) return got.pipe(answer);
      let text = '';
      got.setEncoding('utf8').on('data', (piece) => (text += piece));
      got.on('end', () => {
        if (changes) return answer.end(change(request.url, text));
        const nonce = / nonce="([^"]+)"/.exec(text)?.[1];
        answer.end(text.replace('<head>', `<head><script src="${kPath}" nonce="${nonce}"></script>`));
      });
    });
    asked.on('error', () => answer.destroy());
    answer.on('close', () => asked.destroy());
    request.pipe(asked);
  });
  server.on('upgrade', (request, socket, head) => {
    const target = net.connect(targetPort, '127.0.0.1', () => {
      const lines = [];
      for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
      target.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      target.write(head);
      socket.pipe(target).pipe(socket);
    });
    const end = () => (socket.destroy(), target.destroy());
    for (const side of [socket, target]) side.on('error', end).on('close', end);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { port: server.address().port, close: () => (server.closeAllConnections(), server.close()) };
}

// WebSocket clients for tests: a publisher and a viewer that remember everything, or what `keep` makes
// of each binary message when that would be too much.
import WebSocket from 'ws';
import { later, until } from './wait.mjs';

export class Socket {
  constructor(url, { token, protocols = [], headers = {}, keep = (message) => message, ...options } = {}) {
    this.keep = keep;
    this.texts = [];
    this.messages = [];
    this.arrived = []; // time of each binary message, ms
    this.closed = later();
    this.opened = later();
    this.opened.promise.catch(() => {});
    this.socket = new WebSocket(url, protocols, {
      headers: token ? { Authorization: `Bearer ${token}`, ...headers } : headers,
      rejectUnauthorized: false,
      perMessageDeflate: false,
      ...options,
    });
    this.socket.on('open', () => this.opened.resolve(this));
    this.socket.on('message', (message, isBinary) => this.#take(message, isBinary));
    this.socket.on('close', (code, reason) => this.#end({ code, reason: reason.toString() }));
    this.socket.on('error', (error) => {
      this.error = error;
      this.opened.reject(error);
    });
    this.socket.on('unexpected-response', (request, answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        this.refusal = { status: answer.statusCode, headers: answer.headers, text };
        this.opened.reject(new Error(`refused: ${answer.statusCode} ${text}`));
        this.#end({ code: 0, reason: 'refused' });
      });
    });
  }

  #take(message, isBinary) {
    if (isBinary) {
      this.arrived.push(performance.timeOrigin + performance.now());
      this.messages.push(this.keep(message));
      this.onBinary?.(message);
    } else {
      const value = JSON.parse(message.toString());
      this.texts.push({ ...value, at: this.messages.length });
      this.onText?.(value);
    }
  }
  #end(how) {
    this.how = how;
    this.closed.resolve(how);
  }

  open() {
    return this.opened.promise;
  }
  // Fulfilled when the bytes are with the kernel.
  send(message) {
    return new Promise((done, fail) => this.socket.send(message, (error) => (error ? fail(error) : done())));
  }
  sendText(value) {
    return this.send(JSON.stringify(value));
  }
  text(type, ms = 10_000) {
    return until(`a text message "${type}"`, () => {
      if (this.how) throw new Error(`closed ${this.how.code} ${this.how.reason}`);
      return this.texts.find((text) => text.type === type);
    }, { within: ms, every: 10 });
  }
  count(messages, ms = 10_000) {
    return until(`${messages} binary messages`, () => {
      if (this.how && this.messages.length < messages) throw new Error(`closed ${this.how.code} ${this.how.reason}`);
      return this.messages.length >= messages;
    }, { within: ms, every: 10 });
  }
  async close(code = 1000) {
    if (!this.how) this.socket.close(code);
    const timer = setTimeout(() => this.socket.terminate(), 3_000);
    await this.closed.promise;
    clearTimeout(timer);
  }
}

export const publisher = (server, query, options) =>
  new Socket(`${server.ws}/ws${query ? `?${query}` : ''}`, options);
export const viewer = (server, channel, query, options) =>
  new Socket(`${server.ws}/live/${channel}/ws${query ? `?${query}` : ''}`, options);

// How a connection that must not be let in was refused: {status, text, headers}.
export async function refusalOf(socket) {
  try {
    await socket.open();
  } catch {
    if (socket.refusal) return socket.refusal;
    throw socket.error;
  }
  await socket.close();
  throw new Error('it was let in');
}

// A server of our own: free ports, a folder of its own, a secret that the test knows.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import http from 'node:http';
import https from 'node:https';
import { Child, childrenOf, run } from './process.mjs';
import { program } from './paths.mjs';
import { controlToken, testSecret } from './token.mjs';
import { until } from './wait.mjs';

export const temporaryFolder = () => mkdtemp(join(tmpdir(), 'butai-test-'));

// A JSON web token, a play's right in an address, a key in a ClearKey license, a bearer.
const kSecrets = /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|\/t\/[\w-]{40,}|"k":"[\w-]{22}"|Bearer [\w.-]{20,}/;

export class Server {
  // config: text of a butai.toml; env, args: more of them.
  static async start({ config = '', env = {}, args = [], secret = testSecret, command = 'serve', listen = '127.0.0.1:0' } = {}) {
    const server = new Server();
    server.data = await temporaryFolder();
    server.configFile = join(server.data, 'butai.toml');
    await writeFile(server.configFile, config);
    server.env = { BUTAI_AUTH_SECRET: secret, BUTAI_LONG: undefined, ...env }; // the runner's own is not for it
    server.arguments = [command, '--config', server.configFile, '--data', join(server.data, 'data'), '--listen', listen, '--print-ports', ...args];
    await server.startAgain();
    return server;
  }

  // With the same folder and configuration, on other ports; after the process was ended.
  async startAgain() {
    const from = performance.now();
    this.child = new Child(program, this.arguments, { env: this.env });
    try {
      this.ports = JSON.parse(await this.child.firstLine());
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.startMs = performance.now() - from;
    this.http = `http://127.0.0.1:${this.ports.http}`;
    this.https = `https://127.0.0.1:${this.ports.https}`;
    this.ws = `ws://127.0.0.1:${this.ports.http}`;
    this.wss = `wss://127.0.0.1:${this.ports.https}`;
    this.metricsUrl = `http://127.0.0.1:${this.ports.metrics}/metrics`;
  }

  get log() {
    return this.child.stderr;
  }

  // Canaries over the whole run of all scenarios: no secret, token or signed address is in any log.
  async stop(signal = 'SIGTERM') {
    const how = await this.child.stop(signal);
    const leak = this.#leak();
    await rm(this.data, { recursive: true, force: true });
    if (leak) throw new Error(`a secret is in the log: ${leak}`);
    return how;
  }

  #leak() {
    const secret = this.env.BUTAI_AUTH_SECRET;
    return this.log.split('\n').find((line) => kSecrets.test(line) || (secret?.length > 8 && line.includes(secret)));
  }

  // The program again, with this server's configuration.
  command(args, options = {}) {
    return run(program, args, { ...options, env: { ...this.env, ...options.env } });
  }
  place() {
    return ['--config', this.configFile, '--data', join(this.data, 'data')];
  }

  get(path, { token, headers = {}, ...more } = {}) {
    return request(path.startsWith('http') ? path : this.http + path, {
      ...more,
      headers: token ? { Authorization: `Bearer ${token}`, ...headers } : headers,
    });
  }
  post(path, body, { token, headers = {}, method = 'POST' } = {}) {
    return this.get(path, {
      token,
      method,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  }

  // What the control API says of a channel.
  async channel(name = 'main') {
    const answer = await this.get(`/api/v1/channels/${name}`, { token: controlToken() });
    if (answer.status !== 200) throw new Error(`channel ${name}: ${answer.status} ${answer.text}`);
    return answer.json();
  }
  async end(name = 'main') {
    const answer = await this.get(`/api/v1/channels/${name}`, { token: controlToken(), method: 'DELETE' });
    if (answer.status >= 300) throw new Error(`end ${name}: ${answer.status} ${answer.text}`);
  }
  async play(channel = 'main', token) {
    const answer = await this.post('/api/v1/plays', { channel }, { token });
    if (answer.status !== 201) throw new Error(`play ${channel}: ${answer.status} ${answer.text}`);
    return answer.json();
  }
  workers() {
    return childrenOf(this.child.pid, 'butai-worker');
  }
  async metric(name) {
    const { text } = await request(this.metricsUrl);
    let sum = 0;
    for (const line of text.split('\n')) {
      if (line.startsWith(name) && /^[ {]/.test(line.slice(name.length))) sum += Number(line.split(' ').at(-1));
    }
    return sum;
  }
  // Until HLS of the channel can be asked for.
  segmentsOf(channel, token, ms = 25_000) {
    return until(`${channel} to be shown`, async () => {
      const answer = await this.get(`/live/${channel}/index.m3u8`, { token });
      return answer.status === 200 && answer;
    }, { within: ms });
  }
}

// One HTTP request; certificates are self-made, so they are not checked here.
export function request(url, { method = 'GET', headers = {}, body, agent, timeout = 20_000 } = {}) {
  return new Promise((done, fail) => {
    const { request: send } = url.startsWith('https') ? https : http;
    const sent = send(url, { method, headers, agent: agent ?? false, rejectUnauthorized: false, timeout }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', fail);
      answer.on('end', () => {
        const bytes = Buffer.concat(pieces);
        done({
          status: answer.statusCode,
          headers: answer.headers,
          bytes,
          get text() {
            return bytes.toString();
          },
          json: () => JSON.parse(bytes.toString()),
        });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url}`)));
    sent.on('error', fail);
    if (body !== undefined) sent.write(body);
    sent.end();
  });
}

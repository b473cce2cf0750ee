// The WebDriver protocol by plain HTTP: for browsers that playwright-core does not speak to.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Child } from './process.mjs';
import { workFolder } from './paths.mjs';
import { request } from './server.mjs';
import { until } from './wait.mjs';

export const kElement = 'element-6066-11e4-a52e-4f735466cecf'; // what stands for an element (WebDriver, 12)

export function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

export class Driver {
  // `command` is a driver that takes --port=N or what `args` makes of it.
  static async start(command, { args = (port) => [`--port=${port}`], env, capabilities }) {
    const driver = new Driver();
    const port = await freePort();
    driver.child = new Child(command, args(port), { env });
    driver.base = `http://127.0.0.1:${port}`;
    await until(`${command} to answer`, async () => {
      if (!driver.child.running) throw new Error(driver.child.stderr.slice(-1000));
      return (await request(`${driver.base}/status`)).status === 200;
    }, { within: 15_000, every: 100 });
    const { sessionId } = await driver.#ask('POST', '/session', { capabilities: { alwaysMatch: capabilities } });
    driver.session = `/session/${sessionId}`;
    return driver;
  }

  async #ask(method, path, body) {
    const answer = await request(this.base + path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
      timeout: 20_000,
    });
    const { value } = JSON.parse(answer.text);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
    return value;
  }

  open(url) {
    return this.#ask('POST', `${this.session}/url`, { url });
  }
  // The value of an expression in the page.
  evaluate(expression) {
    return this.#ask('POST', `${this.session}/execute/sync`, { script: `return (${expression});`, args: [] });
  }
  // The element that an expression finds, as by a hand: the browser counts it as one.
  async click(expression) {
    const found = await this.evaluate(expression);
    if (!found) throw new Error(`not there: ${expression}`);
    await this.#ask('POST', `${this.session}/element/${found[kElement]}/click`);
  }
  async screenshot(name) {
    const folder = join(workFolder, 'screenshots');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.png`), Buffer.from(await this.#ask('GET', `${this.session}/screenshot`), 'base64'));
  }
  async stop() {
    if (this.session) await this.#ask('DELETE', this.session).catch(() => {});
    await this.child?.stop();
  }
}

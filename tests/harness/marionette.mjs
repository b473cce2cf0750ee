// Firefox by its own remote protocol: lines of LENGTH:[type, id, command, parameters] over TCP.
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import net from 'node:net';
import { Child } from './process.mjs';
import { workFolder } from './paths.mjs';
import { freePort, kElement } from './webdriver.mjs';
import { later, until, within } from './wait.mjs';

const kPreferences = {
  'media.autoplay.default': 0, // allowed, with sound
  'media.autoplay.blocking_policy': 0,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'browser.aboutwelcome.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.enabled': false,
  'intl.accept_languages': 'en-US',
};

export class Firefox {
  static async start() {
    const firefox = new Firefox();
    const port = await freePort();
    firefox.profile = await mkdtemp(join(tmpdir(), 'butai-firefox-'));
    const preferences = { ...kPreferences, 'marionette.port': port };
    writeFileSync(join(firefox.profile, 'user.js'), Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(''));
    firefox.child = new Child('firefox-esr', ['--headless', '--marionette', '--no-remote', '--profile', firefox.profile], {
      env: { HOME: firefox.profile, MOZ_DISABLE_CONTENT_SANDBOX: '1', MOZ_HEADLESS_WIDTH: '1280', MOZ_HEADLESS_HEIGHT: '900' },
    });
    firefox.socket = await until('Firefox to answer', () => {
      if (!firefox.child.running) throw new Error(firefox.child.stderr.slice(-1000));
      return new Promise((done, fail) => {
        const socket = net.connect(port, '127.0.0.1', () => done(socket)).on('error', fail);
      });
    }, { within: 40_000, every: 200 });
    firefox.waiting = new Map();
    firefox.id = 0;
    let bytes = Buffer.alloc(0);
    firefox.socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece]);
      for (;;) {
        const colon = bytes.indexOf(':');
        const size = Number(bytes.subarray(0, Math.max(0, colon)).toString());
        if (colon < 0 || bytes.length < colon + 1 + size) return;
        const message = JSON.parse(bytes.subarray(colon + 1, colon + 1 + size).toString());
        bytes = bytes.subarray(colon + 1 + size);
        if (Array.isArray(message)) firefox.#answer(message);
      }
    });
    firefox.socket.on('error', () => {});
    await firefox.#ask('WebDriver:NewSession', {});
    return firefox;
  }

  #answer([, id, error, result]) {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) waiting?.reject(new Error(`${error.error}: ${error.message}`));
    else waiting?.resolve(result);
  }
  #ask(command, parameters) {
    const id = ++this.id;
    const waiting = later();
    this.waiting.set(id, waiting);
    const text = JSON.stringify([0, id, command, parameters]);
    this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    return within(60_000, command, waiting.promise);
  }

  open(url) {
    return this.#ask('WebDriver:Navigate', { url });
  }
  async evaluate(expression) {
    const { value } = await this.#ask('WebDriver:ExecuteScript', { script: `return (${expression});`, args: [], sandbox: null });
    return value;
  }
  // The element that an expression finds, as by a hand.
  async click(expression) {
    const found = await this.evaluate(expression);
    if (!found) throw new Error(`not there: ${expression}`);
    await this.#ask('WebDriver:ElementClick', { id: found[kElement] });
  }
  async screenshot(name) {
    const folder = join(workFolder, 'screenshots');
    mkdirSync(folder, { recursive: true });
    const { value } = await this.#ask('WebDriver:TakeScreenshot', { full: false });
    writeFileSync(join(folder, `${name}.png`), Buffer.from(value, 'base64'));
  }
  async stop() {
    this.socket?.destroy();
    await this.child?.stop();
    if (this.profile) await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

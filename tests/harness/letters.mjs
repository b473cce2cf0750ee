// Letters: a mail server that a test plays with, files of a folder, and what is written in either.
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './process.mjs';
import { until } from './wait.mjs';

const here = dirname(fileURLToPath(import.meta.url));

// Its header fields by lower-case name, unfolded and decoded; its text.
export function readLetter(message) {
  const end = message.indexOf('\r\n\r\n');
  const lines = message.slice(0, end).replace(/\r\n[ \t]/g, ' ').split('\r\n');
  const header = {};
  for (const line of lines) {
    const [, name, value] = /^([!-9;-~]+): (.*)$/.exec(line) ?? [];
    if (!name || name.toLowerCase() in header) throw new Error(`not a header line, or twice: ${line}`);
    header[name.toLowerCase()] = value.replace(/=\?UTF-8\?B\?[^?]*\?=(\s+=\?UTF-8\?B\?[^?]*\?=)*/g, (words) =>
      Buffer.concat([...words.matchAll(/\?B\?([^?]*)\?=/g)].map(([, word]) => Buffer.from(word, 'base64'))).toString());
  }
  const quoted = message.slice(end + 4).replace(/=\r\n/g, '').replace(/\r\n/g, '\n');
  const text = Buffer.from(quoted.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
  return { header, text, link: /^https?:\/\/\S+$/m.exec(text)?.[0] };
}

export class MailServer {
  // tls: 'starttls' or 'smtps', with a certificate (PEM with its key).
  static async start({ password, tls, certificate } = {}) {
    const server = new MailServer();
    server.child = new Child('/usr/bin/python3', [join(here, 'smtp_server.py'), ...(password ? ['--password', password] : []), ...(tls ? ['--tls', tls, '--certificate', certificate] : [])]);
    server.port = JSON.parse(await server.child.firstLine()).port;
    server.url = `${tls === 'smtps' ? 'smtps' : 'smtp'}://${password ? `butai:${password}@` : ''}127.0.0.1:${server.port}`;
    return server;
  }
  // What arrived so far.
  get letters() {
    return this.child.stdout.split('\n').slice(1, -1).map((line) => {
      const letter = JSON.parse(line);
      return { ...letter, ...readLetter(letter.message) };
    });
  }
  to(address) {
    return this.letters.filter(({ header }) => header.to === address);
  }
  letter(address, subject, ms = 15_000) {
    return until(`a letter to ${address}: ${subject}`, () => this.to(address).find((one) => subject.test(one.header.subject)), { within: ms });
  }
  stop() {
    return this.child.stop();
  }
}

// A letter that became a file of the folder.
export function letterIn(folder, address, subject, ms = 15_000) {
  return until(`a letter to ${address}: ${subject}`, () => {
    if (!existsSync(folder)) return null;
    const all = readdirSync(folder).filter((name) => name.endsWith('.eml')).sort();
    return all.map((name) => readLetter(readFileSync(join(folder, name), 'utf8'))).reverse()
      .find(({ header }) => header.to === address && subject.test(header.subject));
  }, { within: ms });
}

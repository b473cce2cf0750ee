// Letters under TLS to a real mail server: STARTTLS and smtps, with a password, its self-made certificate trusted
// by configuration and by nothing else; a server that does not offer TLS, or is somebody else, gets nothing.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MailServer } from '../harness/letters.mjs';
import { run } from '../harness/process.mjs';
import { Server, temporaryFolder } from '../harness/server.mjs';
import { Person, shopConfig } from '../harness/shop.mjs';
import { until } from '../harness/wait.mjs';

const kPassword = 'CNRY-smtp-tls-51c2';
let folder, ours, other;
const certificate = async (name) => {
  const file = join(folder, `${name}.pem`);
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', file, '-out', `${file}.crt`]);
  await run('sh', ['-c', `cat ${file}.crt >> ${file}`]);
  return { pem: file, crt: `${file}.crt` };
};
before(async () => {
  folder = await temporaryFolder();
  [ours, other] = [await certificate('ours'), await certificate('other')];
});
after(() => rm(folder, { recursive: true, force: true }));

// Somebody makes an account; `then` is given the mail server and ours.
async function withMail({ tls, ca, password = kPassword }, then) {
  const mail = await MailServer.start({ password, tls, certificate: ours.pem });
  const server = await Server.start({ config: `${shopConfig()}[mail]\nfrom = "tickets@example.org"\n${ca ? `ca = "${ca}"\n` : ''}`, env: { BUTAI_MAIL_SMTP: mail.url } });
  try {
    await Person.signUp(server, 'ann@example.org');
    await then(mail, server);
    assert.ok(!server.log.includes(kPassword), 'S21: the password is in the log');
  } finally {
    await server.stop();
    await mail.stop();
  }
}
const refused = async (mail, server) => {
  await until('it to be put off', async () => (await server.metric('butai_letters_total{fate="later"}')) >= 1, { within: 15_000 });
  assert.equal(mail.letters.length, 0);
};

for (const tls of ['starttls', 'smtps']) {
  test(`${tls}: with a certificate that the configuration trusts, and AUTH`, { timeout: 60_000 }, () =>
    withMail({ tls, ca: ours.crt }, async (mail) => {
      const letter = await mail.letter('ann@example.org', /^Please confirm|^メール/);
      assert.deepEqual([letter.tls, letter.auth], [true, true]);
    }));
  test(`${tls}: a certificate of somebody else gets no letter and no password`, { timeout: 60_000 }, () =>
    withMail({ tls, ca: other.crt }, refused));
}
test('smtps: without an authority in the configuration the system’s decide, and this one is none', { timeout: 60_000 }, () =>
  withMail({ tls: 'smtps' }, refused));
test('a server that offers no TLS gets nothing from who asked for it', { timeout: 60_000 }, () =>
  withMail({ ca: ours.crt }, refused));

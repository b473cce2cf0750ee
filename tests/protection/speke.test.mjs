// Keys from a DRM service by SPEKE 2.0: the documents are valid, the keys are those of the service's own
// books, players see its words; an outage, a bad answer or a wrong MAC never makes a channel clear.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ffmpegHashes, protections } from '../harness/decrypt.mjs';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { selfSigned } from '../harness/license_services.mjs';
import { asFile, film } from '../harness/media.mjs';
import { schemas } from '../harness/paths.mjs';
import { run } from '../harness/process.mjs';
import { Server, temporaryFolder } from '../harness/server.mjs';
import { spekeServer } from '../harness/speke_server.mjs';
import { controlToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const running = [];
after(async () => {
  for (const one of running.reverse()) await one.stop();
});
const kept = (one) => (running.push(one), one);

async function start(service, speke = '', channel = '') {
  return kept(await Server.start({
    config: `[drm.widevine]\nlicense_url = "http://127.0.0.1:1/widevine"\n[drm.fairplay]\nlicense_url = "http://127.0.0.1:1/fairplay"\n[drm.speke]\nurl = "${service.url}"\n${speke}\n[[channel]]\nname = "stage"\nprotection = "cbcs"\nlatency = "stable"\n${channel}`,
  }));
}
// [drm.speke] of a server whose keys come encrypted for a certificate of its own.
async function withCertificate() {
  const folder = await temporaryFolder();
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=butai', '-days', '2', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')]);
  return `certificate = "${folder}/certificate.pem"\nprivate_key = "${folder}/key.pem"\n`;
}
const kHeader = ['x-customer', 'spoken softly'];
const uuid = (hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

// What a viewer has of a channel now: {init, bytes, kid, playlist} of its picture.
async function seen(server) {
  const play = await server.play('stage', viewToken('stage'));
  const lists = renditionsOf((await fetchOk(play.hls)).text, play.hls);
  const list = await media(lists.video);
  const last = list.segments.at(-1);
  const init = (await fetchOk(last.map)).bytes;
  return { init, bytes: Buffer.concat([init, (await fetchOk(last.uri)).bytes]), kid: protections(init)[0].kid, playlist: list.text, manifest: (await fetchOk(play.dash)).text };
}

const withoutSchemas = schemas ? false : 'the folder shared/reference/schemas is not here; set BUTAI_SCHEMAS';
// Each with a service and a server of its own, all at the same time.
describe('keys of a service', { concurrency: true }, () => {
  test('the request validates against the schema of CPIX 2.3', { skip: withoutSchemas }, async () => {
    const service = kept(await spekeServer());
    await start(service);
    await until('the service was asked', () => service.books.length > 0);
    const [entry] = service.books;
    assert.equal(entry.headers['content-type'], 'application/xml');
    assert.match(entry.body, /contentId="stage"/);
    assert.deepEqual([...entry.body.matchAll(/intendedTrackType="(\w+)"/g)].map(([, type]) => type), ['AUDIO', 'SD', 'HD']);
    const schema = join(schemas, 'cpix-2.3/cpix.xsd');
    await asFile(Buffer.from(entry.body), 'xml', (path) => run('xmllint', ['--noout', '--nonet', '--schema', schema, path]));
  });

  for (const [auth, encrypted] of [[null, false], ['header', false], ['basic', false], ['digest', true]]) {
    test(`keys of the service's books protect the channel (${auth ?? 'no'} authentication, keys ${encrypted ? 'encrypted' : 'in clear'})`, { timeout: 60_000 }, async () => {
      const header = auth === 'header' ? kHeader : null;
      const service = kept(await spekeServer({ auth, header }));
      let speke = header ? `header = "${header.join(': ')}"\n` : auth ? `auth = "${auth}"\nuser = "butai"\npassword = "spoken softly"\n` : '';
      if (encrypted) speke += await withCertificate();
      const server = await start(service, speke);
      const source = await film({ seconds: 8 });
      const camera = kept(await feed(server, 'stage', source));
      await server.segmentsOf('stage', viewToken('stage'));
      const { bytes, kid, playlist, manifest } = await seen(server);
      const key = service.keys.get(uuid(kid));
      assert.ok(key, 'the key id is one that the service knows');
      const hashes = await ffmpegHashes(bytes, 'video', key.toString('hex'));
      assert.ok(hashes.length >= 55, `${hashes.length} pictures decrypted`);
      assert.match(playlist, new RegExp(`URI="skd://service/${uuid(kid)}"`), 'FairPlay in the words of the service');
      assert.match(manifest, new RegExp(Buffer.from(`pssh of ${service.widevine} for ${uuid(kid)}`).toString('base64')));
      const identity = await server.get(`/license/identity/${kid}`, { token: viewToken('stage') });
      assert.equal(identity.status, 403);
      assert.match(identity.json().detail, /license servers only/);
      assert.ok(!server.log.includes('spoken softly') && !server.log.includes(key.toString('base64')));
      await camera.stop();
      running.splice(running.indexOf(camera), 1);
    });
  }

  test('S22: an outage is survived with the keys fetched ahead, then with the old ones, never in clear', { timeout: 120_000 }, async () => {
    const service = kept(await spekeServer());
    const server = await start(service);
    const camera = kept(await feed(server, 'stage', await film({ seconds: 8 })));
    await server.segmentsOf('stage', viewToken('stage'));
    await until('two periods are fetched ahead', () => service.books.length >= 3);
    service.failing = 503;
    const kids = new Set([(await seen(server)).kid]);
    for (let i = 0; i < 4; ++i) {
      await server.post('/api/v1/channels/stage/rotate-keys', '', { token: controlToken() });
      await sleep(4_500);
      const { init, kid } = await seen(server);
      assert.ok(!protections(init)[0].clear);
      kids.add(kid);
    }
    assert.equal(kids.size, 3, 'the running period and the two that were fetched ahead');
    assert.match(server.log, /never in clear/);
    service.failing = null;
    await until('new keys after the outage', async () => !kids.has((await seen(server)).kid), { within: 60_000, every: 1000 });
    await camera.stop();
    running.splice(running.indexOf(camera), 1);
  });

  test('answers that cannot be trusted are refused with a reason, and nothing is published', { timeout: 120_000 }, async () => {
    const other = '11111111-2222-4333-8444-555555555555';
    const same = (text) => text;
    const secret = await withCertificate();
    for (const [change, why, how = {}] of [
      [(text) => text.replace(/<cpix:ContentKey .*?<\/cpix:ContentKey>/s, ''), /no key for AUDIO/],
      [(text) => text.replaceAll('commonEncryptionScheme="cbcs"', 'commonEncryptionScheme="cenc"'), /answered for cenc/],
      [(text) => text.replace(/<pskc:PlainValue>[^<]+/, '<pskc:PlainValue>AAAA'), /16 bytes/],
      [(text) => `<!DOCTYPE a [<!ENTITY b "c">]>${text.replace(/<\?xml.*?\?>/, '')}`, /document type declaration/],
      [(text) => text.replace(/kid="[^"]+" /, `kid="${other}" `), /no key for/],
      [(text) => text + 'x'.repeat(400_000), /too large/],
      [same, /the MAC of key [0-9a-f-]{36} is wrong/, { spoilMac: true }],
      [(text) => text.replace(/<cpix:DocumentKey[\s\S]*<\/cpix:MACMethod>/, ''), /no document key and MAC key/, { encrypted: true }],
    ]) {
      const service = kept(await spekeServer());
      service.change = change;
      service.spoilMac = how.spoilMac ?? false;
      const server = await start(service, how.spoilMac || how.encrypted ? secret : '');
      await until(`a refusal that says ${why}`, () => why.test(server.log), { within: 15_000 });
      const answer = await server.get('/live/stage/index.m3u8', { token: viewToken('stage') });
      assert.equal(answer.status, 404);
    }
  });

  test('a service with an expired certificate is told nothing, and one that is slow is waited for', { timeout: 60_000 }, async () => {
    const expired = kept(await spekeServer({ pair: await selfSigned(-1) }));
    const refusing = await start(expired);
    await until('a sentence about the certificate', () => /certificate/i.test(refusing.log), { within: 20_000 });
    assert.equal((await refusing.get('/live/stage/index.m3u8', { token: viewToken('stage') })).status, 404);
    assert.equal(expired.books.length, 0, 'no request, no credential');

    const slow = kept(await spekeServer());
    slow.delayMs = 2_000;
    const server = await start(slow);
    const camera = kept(await feed(server, 'stage', await film({ seconds: 8 })));
    await server.segmentsOf('stage', viewToken('stage'));
    assert.ok(slow.keys.has(uuid((await seen(server)).kid)), 'with the keys of its books');
    await camera.stop();
    running.splice(running.indexOf(camera), 1);
  });
});

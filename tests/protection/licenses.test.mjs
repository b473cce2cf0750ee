// Who gets a license, and who hears why not; three key systems through the proxy, byte for byte, to a
// fake license service that keeps its own books.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { protections } from '../harness/decrypt.mjs';
import { feed } from '../harness/feed.mjs';
import { attributes, fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { fakeLicenseService, selfSigned } from '../harness/license_services.mjs';
import { film } from '../harness/media.mjs';
import { Server, temporaryFolder } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { claims, secondsFromNow, sign, token, viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, service, stage, other;
const certificate = randomBytes(900);
before(async () => {
  service = await fakeLicenseService();
  const path = join(await temporaryFolder(), 'fairplay.cer');
  await writeFile(path, certificate);
  const drm = ['widevine', 'playready', 'fairplay']
    .map((name) => `[drm.${name}]\nlicense_url = "${service.url}/${name}"\nheader = "${service.header}"\n${name === 'fairplay' ? `certificate = "${path}"\n` : ''}`)
    .join('\n');
  server = await Server.start({
    config: `${drm}\n[[channel]]\nname = "stage"\nprotection = "cbcs"\n[[channel]]\nname = "other"\nprotection = "cenc"\n[[channel]]\nname = "open"\n`,
  });
  const source = await film({ seconds: 8 });
  stage = await feed(server, 'stage', source);
  other = await feed(server, 'other', source);
  await server.segmentsOf('stage', viewToken('stage'));
  await server.segmentsOf('other', viewToken('other'));
});
after(async () => {
  await stage?.stop();
  await other?.stop();
  await server?.stop();
  await service?.stop();
});

async function kidsOf(play) {
  const lists = renditionsOf((await fetchOk(play.hls)).text, play.hls);
  return Promise.all(['video', 'audio'].map(async (kind) => {
    const list = await media(lists[kind]);
    return protections((await fetchOk(list.segments.at(-1).map)).bytes)[0].kid;
  }));
}
const b64url = (hex) => Buffer.from(hex, 'hex').toString('base64url');
const ask = (address, kids) => server.post(`${address}/clearkey`, { kids: kids.map(b64url), type: 'temporary' });

test('S22: a play gets the keys of its channel, and of no other', async () => {
  const play = await server.play('stage', viewToken('stage'));
  const kids = await kidsOf(play);
  const answer = await ask(play.license, kids);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const { keys, type } = answer.json();
  assert.equal(type, 'temporary');
  assert.deepEqual(keys.map((key) => key.kid), kids.map(b64url));
  assert.ok(keys.every((key) => key.kty === 'oct' && Buffer.from(key.k, 'base64url').length === 16));
  const identity = await server.get(`${play.license}/identity/${kids[0]}`);
  assert.equal(identity.bytes.toString('base64url'), keys[0].k);

  const foreign = await kidsOf(await server.play('other', viewToken('other')));
  const refused = await ask(play.license, foreign);
  assert.equal(refused.status, 403, refused.text);
  assert.match(refused.json().detail, /view:other/);
  const both = await ask(play.license, [kids[0], foreign[0]]);
  assert.equal(both.status, 403, 'one foreign key among them spoils the request');
  const unknown = await ask(play.license, [randomBytes(16).toString('hex')]);
  assert.equal(unknown.status, 404);
  assert.match(unknown.json().detail, /no key with this id/);
  const nobody = await ask(`${server.http}/license`, kids);
  assert.equal(nobody.status, 401);
});

test('S22: an ended play gets no license', async () => {
  const token = viewToken('stage');
  const play = await server.play('stage', token);
  const kids = await kidsOf(play);
  assert.equal((await ask(play.license, kids)).status, 200);
  await server.get(`/api/v1/plays/${play.play}`, { token, method: 'DELETE' });
  const refused = await ask(play.license, kids);
  assert.ok(refused.status === 401 || refused.status === 403, `${refused.status}`);
  assert.ok(refused.json().detail.length > 10);
});

test('S1, S2, S22: each license with each credential that is not good: refused with a reason, and no service hears of it', async () => {
  const play = await server.play('stage', viewToken('stage'));
  const [kid] = await kidsOf(play);
  const foreign = await server.play('other', viewToken('other'));
  const right = /\/t\/([^/]+)\//.exec(play.license)[1];
  const changed = right.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const bearer = (text) => ({ address: `${server.http}/license`, token: text });
  const credentials = {
    nobody: [bearer(undefined), 401],
    'a token that is none': [bearer('garbage'), 401],
    'an expired token': [bearer(sign({ ...claims('view:stage'), exp: secondsFromNow(-120) })), 401],
    'a token signed with another secret': [bearer(sign(claims('view:stage'), { secret: 'x'.repeat(40) })), 401],
    'a token for another channel': [bearer(viewToken('other')), 403],
    'a token to publish': [bearer(token('publish:stage')), 403],
    'a changed play': [{ address: play.license.replace(right, changed) }, 401],
  };
  const before = service.books.length;
  const asks = (address) => ({
    clearkey: [`${address}/clearkey`, { method: 'POST', body: JSON.stringify({ kids: [b64url(kid)] }) }],
    identity: [`${address}/identity/${kid}`, {}],
    ...Object.fromEntries(['widevine', 'playready', 'fairplay'].map((system) => [system, [`${address}/${system}?channel=stage`, { method: 'POST', body: 'challenge' }]])),
  });
  for (const [name, [{ address, token: text }, status]] of Object.entries(credentials)) {
    for (const [way, [url, options]] of Object.entries(asks(address))) {
      const answer = await server.get(url, { ...options, token: text });
      assert.equal(answer.status, status, `${way} with ${name}: ${answer.text}`);
      assert.ok(answer.json().detail.length > 10, `${way} with ${name} hears why`);
    }
  }
  // Another event's play: not the keys of this one; a real system's challenge is bound to the play's own channel.
  for (const way of ['clearkey', 'identity']) {
    const [url, options] = asks(foreign.license)[way];
    assert.equal((await server.get(url, options)).status, 403, way);
  }
  assert.equal(service.books.length, before);
});

test('a channel that is not protected has no license address', async () => {
  assert.equal((await server.play('open', viewToken('open'))).license, null);
});

test('bad requests are refused with a reason', async () => {
  const play = await server.play('stage', viewToken('stage'));
  for (const body of ['', '{}', '{"kids":[]}', '{"kids":["AAAA"]}', '{"kids":[1]}', `{"kids":["${'A'.repeat(22)}="]}`, `{"kids":["${'A'.repeat(21)}+"]}`, `{"kids":["${'A'.repeat(20)}\\u0000A"]}`, `{"kids":["${'A'.repeat(21)}B"]}`, `{"kids":[${Array(65).fill(`"${'A'.repeat(22)}"`)}]}`]) {
    const answer = await server.post(`${play.license}/clearkey`, body);
    assert.equal(answer.status, 400, body);
    assert.ok(answer.json().detail, body);
  }
  for (const system of ['clearkey', 'widevine', 'playready', 'fairplay']) {
    const huge = await server.post(`${play.license}/${system}`, 'x'.repeat(10_000_000)).catch((error) => ({ status: error.code }));
    assert.ok(huge.status === 413 || huge.status === 'ECONNRESET' || huge.status === 'EPIPE', `${system}: ${huge.status}`);
  }
});

test('a wrong content type is for the service to judge, and nothing to ClearKey', async () => {
  const play = await server.play('stage', viewToken('stage'));
  const kids = await kidsOf(play);
  for (const type of ['text/html', 'multipart/form-data; boundary=x', 'nonsense']) {
    const passed = await server.get(`${play.license}/widevine`, { method: 'POST', body: 'challenge', headers: { 'Content-Type': type } });
    assert.equal(passed.status, 200, type);
    assert.equal(service.books.at(-1).headers['content-type'], type);
    assert.deepEqual(passed.bytes, service.books.at(-1).license);
    const clear = await server.post(`${play.license}/clearkey`, { kids: kids.map(b64url), type: 'temporary' }, { headers: { 'Content-Type': type } });
    assert.equal(clear.status, 200, `${type}: ${clear.text}`);
  }
});

test('JPEG viewers of a protected channel hear why not', async () => {
  const token = viewToken('stage');
  for (const path of ['mjpeg', 'snapshot.jpg', 'video/snapshot.jpg', 'ws?format=jpeg']) {
    const headers = path.startsWith('ws') ? { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') } : {};
    const answer = await server.get(`/live/stage/${path}`, { token, headers });
    assert.equal(answer.status, 406, path);
    assert.match(answer.json().detail, /protected/);
  }
});

for (const [system, type, more] of [
  ['widevine', 'application/octet-stream', {}],
  ['playready', 'text/xml; charset=utf-8', { SOAPAction: '"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense"' }],
  ['fairplay', 'application/x-www-form-urlencoded', {}],
]) {
  test(`${system}: challenge and license pass unchanged, with our credential`, async () => {
    const play = await server.play('stage', viewToken('stage'));
    const challenge = randomBytes(2000);
    const answer = await server.get(`${play.license}/${system}`, { method: 'POST', body: challenge, headers: { 'Content-Type': type, 'Content-Length': challenge.length, ...more } });
    const entry = service.books.at(-1);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(entry.url, `/${system}`);
    assert.deepEqual(entry.body, challenge);
    assert.equal(entry.headers['content-type'], type);
    if (more.SOAPAction) assert.equal(entry.headers.soapaction, more.SOAPAction);
    assert.equal(entry.headers.authorization, undefined, 'the viewer is not told to the service');
    assert.deepEqual(answer.bytes, entry.license);
  });
}

test('S22: the gatekeeper is asked before the service is', async () => {
  const before = service.books.length;
  const refused = await server.get('/license/widevine?channel=stage', { token: viewToken('other'), method: 'POST', body: 'challenge' });
  assert.equal(refused.status, 403);
  const silent = await server.get('/license/widevine', { token: viewToken('stage'), method: 'POST', body: 'challenge' });
  assert.equal(silent.status, 400);
  assert.match(silent.json().detail, /which channel/);
  assert.equal(service.books.length, before);
});

test('S22: a service that fails is told as such', async () => {
  const play = await server.play('stage', viewToken('stage'));
  service.failing = 500;
  const broken = await server.get(`${play.license}/widevine`, { method: 'POST', body: 'challenge' });
  assert.equal(broken.status, 502);
  service.failing = 403;
  const denied = await server.get(`${play.license}/widevine`, { method: 'POST', body: 'challenge' });
  assert.equal(denied.status, 403);
  service.failing = null;
});

test('what a service answers too late, too long or with an expired certificate is told as such', { timeout: 60_000 }, async () => {
  const play = await server.play('stage', viewToken('stage'));
  const ask = (system) => server.get(`${play.license}/${system}`, { method: 'POST', body: 'challenge' });
  service.delayMs = 2_000;
  const slow = await ask('widevine');
  assert.equal(slow.status, 200, 'slow is not broken');
  service.delayMs = 0;
  service.wrap = () => randomBytes(1_000_000);
  const long = await ask('widevine');
  service.wrap = null;
  assert.equal(long.status, 503);
  assert.match(long.json().detail, /too large/);

  const expired = await fakeLicenseService({ pair: await selfSigned(-1) });
  const own = await Server.start({ config: `[drm.widevine]\nlicense_url = "${expired.url}/widevine"\nheader = "${expired.header}"\n[[channel]]\nname = "stage"\nprotection = "cbcs"\n` });
  try {
    const answer = await own.get('/license/widevine?channel=stage', { token: viewToken('stage'), method: 'POST', body: 'challenge' });
    assert.equal(answer.status, 503, answer.text);
    assert.match(answer.json().detail, /certificate/i);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.equal(expired.books.length, 0, 'and hears nothing of us, our credential least of all');
  } finally {
    await own.stop();
    await expired.stop();
  }
});

test('S22: a challenge that comes again is passed on again: replays are the service\'s to refuse, and ours to authorise', async () => {
  const token = viewToken('stage');
  const play = await server.play('stage', token);
  const challenge = randomBytes(500);
  const ask = () => server.get(`${play.license}/widevine`, { method: 'POST', body: challenge, headers: { 'Content-Length': challenge.length } });
  const before = service.books.length;
  const [first, second] = [await ask(), await ask()];
  assert.deepEqual([first.status, second.status], [200, 200]);
  assert.notDeepEqual(first.bytes, second.bytes, 'nothing is cached');
  assert.deepEqual(service.books.slice(before).map((entry) => entry.body), [challenge, challenge]);
  await server.get(`/api/v1/plays/${play.play}`, { token, method: 'DELETE' });
  const late = await ask();
  assert.ok(late.status === 401 || late.status === 403, `${late.status}`);
  assert.equal(service.books.length, before + 2, 'a replay after the play has ended goes nowhere');
});

for (const [form, type, wrap, spcOf] of [
  ['raw', 'application/octet-stream', (ckc) => ckc, (body) => body],
  ['form', 'application/x-www-form-urlencoded', (ckc) => `<ckc>${ckc.toString('base64')}</ckc>`, (body) => Buffer.from(new URLSearchParams(body.toString()).get('spc'), 'base64')],
  ['json', 'application/json', (ckc) => JSON.stringify({ ckc: ckc.toString('base64') }), (body) => Buffer.from(JSON.parse(body.toString()).spc, 'base64')],
]) {
  test(`FairPlay: our player's SPC reaches a service that wants it as ${form}, and the CKC comes back as bytes`, { timeout: 40_000 }, async () => {
    const apple = await fakeLicenseService();
    apple.wrap = wrap;
    let own;
    try {
      own = await Server.start({ config: `[drm.fairplay]\nlicense_url = "${apple.url}/fps"\nheader = "${apple.header}"\nform = "${form}"\n[[channel]]\nname = "stage"\nprotection = "cbcs"\n` });
      const spc = randomBytes(1500);
      const answer = await own.get('/license/fairplay?channel=stage&asset=one%2Ftwo', { token: viewToken('stage'), method: 'POST', body: spc, headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': spc.length } });
      assert.equal(answer.status, 200, answer.text);
      const [entry] = apple.books;
      assert.equal(entry.headers['content-type'], type);
      assert.deepEqual(spcOf(entry.body), spc);
      assert.deepEqual(answer.bytes, entry.license);
      if (form === 'form') assert.equal(new URLSearchParams(entry.body.toString()).get('assetId'), 'one/two');
    } finally {
      await own?.stop();
      await apple.stop();
    }
  });
}

test('FairPlay players get the certificate', async () => {
  const answer = await server.get('/license/fairplay/certificate');
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.bytes, certificate);
});

test('playlists name the real systems by default, and others when asked', async () => {
  const play = await server.play('stage', viewToken('stage'));
  const keysOf = async (query) => {
    const { text } = await fetchOk(renditionsOf((await fetchOk(`${play.hls}${query}`)).text, play.hls).video);
    return text.split('\n').filter((line) => line.startsWith('#EXT-X-KEY:')).map((line) => attributes(line.slice(11)).KEYFORMAT);
  };
  assert.deepEqual(await keysOf(''), ['urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed', 'com.microsoft.playready', 'com.apple.streamingkeydelivery']);
  assert.deepEqual(await keysOf('?keys=identity'), ['identity']);
  assert.deepEqual(await keysOf('?keys=clearkey'), ['org.w3.clearkey']);
  const wrong = await server.get(`${play.hls}?keys=magic`);
  assert.equal(wrong.status, 400);
  const { text } = await fetchOk(play.dash);
  assert.match(text, /cenc:default_KID="[0-9a-f-]{36}"/);
  assert.match(text, /urn:uuid:edef8ba9/);
});

test('WebSocket viewers hear of the real systems\' boxes in init, a period ahead too', async () => {
  const socket = viewer(server, 'stage', 'latency=0', { token: viewToken('stage') });
  await socket.open();
  const init = await until('init', () => socket.texts.find(({ type }) => type === 'init'));
  await socket.close();
  const kids = await kidsOf(await server.play('stage', viewToken('stage')));
  assert.deepEqual(init.protection.keys.map(({ kid }) => kid), kids);
  for (const key of init.protection.keys) {
    const boxes = key.pssh.map((box) => Buffer.from(box, 'base64'));
    assert.deepEqual(boxes.map((box) => box.toString('hex', 12, 28)), ['edef8ba979d64acea3c827dcd51d21ed', '9a04f07998404286ab92e65be0885f95']);
    assert.ok(boxes[0].includes(Buffer.from(key.kid, 'hex')), 'Widevine\'s names the key');
    assert.equal(key.next_pssh.length, 2);
  }
});

test('what is in memory goes into no core file', () => {
  const limits = readFileSync(`/proc/${server.child.pid}/limits`, 'utf8');
  assert.match(limits, /Max core file size +0 +0 /);
});

test('S21: no key and no credential is in the log', async () => {
  await until('the log has lines', () => server.log.length > 0);
  const play = await server.play('stage', viewToken('stage'));
  const { keys } = (await ask(play.license, await kidsOf(play))).json();
  for (const { k } of keys) {
    assert.ok(!server.log.includes(k));
    assert.ok(!server.log.includes(Buffer.from(k, 'base64url').toString('hex')));
  }
  assert.ok(!server.log.includes('the service knows butai by this'));
});

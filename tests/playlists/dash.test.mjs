// DASH manifests: the schema, the time line, and that every address in them can be fetched.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { asFile } from '../harness/media.mjs';
import { readManifest } from '../harness/dash.mjs';
import { fetchOk } from '../harness/hls.mjs';
import { program, schemas } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server, request } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';
import { fragments, timescales } from '../harness/mp4.mjs';
import { sleep, until } from '../harness/wait.mjs';

let server;
const senders = {};
before(async () => {
  server = await Server.start({
    config: '[channels]\naccess = "public"\n[[channel]]\nname = "low"\n[[channel]]\nname = "stable"\nlatency = "stable"\n',
  });
  for (const channel of ['low', 'stable']) senders[channel] = send(channel);
  await Promise.all(['low', 'stable'].map((channel) => server.segmentsOf(channel)));
});
after(async () => {
  await Promise.all(Object.values(senders).map((sender) => sender.stop()));
  await server?.stop();
});

const send = (channel) =>
  new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=${channel}`], {
    env: { BUTAI_TOKEN: publishToken(channel) },
  });
const address = (channel) => `${server.http}/live/${channel}/manifest.mpd`;
const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1];

async function validate(text) {
  const schema = join(schemas, 'dash/DASH-MPD-4th-amd1.xsd');
  await asFile(Buffer.from(text), 'mpd', (path) => run('xmllint', ['--noout', '--nonet', '--schema', schema, path]));
}
const withoutSchemas = schemas ? false : 'the folder shared/reference/schemas is not here; set BUTAI_SCHEMAS';

for (const channel of ['low', 'stable']) {
  describe(`${channel} channel`, () => {
    test('the manifest is valid by the schema', { skip: withoutSchemas }, async () => {
      await validate((await fetchOk(address(channel))).text);
    });

    test('it is live, says how to tell the time, and may be read from other sites', async () => {
      const answer = await fetchOk(address(channel));
      assert.equal(answer.headers['content-type'], 'application/dash+xml');
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      assert.equal(attribute(answer.text, 'type'), 'dynamic');
      assert.ok(attribute(answer.text, 'minimumUpdatePeriod'));
      const [timing] = /<UTCTiming[^>]*>/.exec(answer.text);
      assert.equal(attribute(timing, 'schemeIdUri'), 'urn:mpeg:dash:utc:http-xsdate:2014');
      const time = await fetchOk(attribute(timing, 'value'));
      assert.ok(Math.abs(Date.parse(time.text) - Date.now()) < 1000);
    });

    test('every segment is there, at its $Time$, with that time inside, for 8 s', { timeout: 30_000 }, async () => {
      const end = performance.now() + 8_000;
      const seen = new Map();
      let published = '';
      while (performance.now() < end) {
        const { text } = await fetchOk(address(channel));
        const now = attribute(text, 'publishTime');
        assert.ok(now >= published, 'publishTime never goes back');
        published = now;
        for (const set of readManifest(text, address(channel))) {
          assert.ok(set.segments.length > 0);
          const init = seen.get(set.init) ?? (await fetchOk(set.init)).bytes;
          seen.set(set.init, init);
          const [scale] = Object.values(timescales(init));
          assert.equal(set.segments[0].timescale, scale, 'the timescale of the track');
          for (const segment of set.segments) {
            if (seen.has(segment.uri)) {
              const { duration, open } = seen.get(segment.uri);
              // One that still grew was listed with the length that it would have, to the frame.
              const apart = Math.abs(duration - segment.duration) / scale;
              assert.ok(apart <= (open ? 0.034 : 0), `${segment.uri} keeps its duration, ${duration}, not ${segment.duration}`);
              if (segment !== set.segments.at(-1)) seen.set(segment.uri, { duration: segment.duration, open: false });
              continue;
            }
            const { bytes } = await fetchOk(segment.uri);
            assert.equal(Number(fragments(bytes)[0].time), segment.time, `tfdt of ${segment.uri}`);
            seen.set(segment.uri, { duration: segment.duration, open: channel === 'low' && segment === set.segments.at(-1) });
          }
          for (let i = 1; i < set.segments.length; ++i) {
            const [a, b] = [set.segments[i - 1], set.segments[i]];
            assert.ok(b.time >= a.time + a.duration, 'segments do not overlap');
          }
        }
        await sleep(500);
      }
      assert.ok(seen.size >= 8);
    });

    test('the newest segment is young; with low latency it is still growing', async () => {
      const { text } = await fetchOk(address(channel));
      for (const set of readManifest(text, address(channel))) {
        const last = set.segments.at(-1);
        const age = Date.now() / 1000 - (last.time + last.duration) / last.timescale;
        const [least, most] = channel === 'low' ? [-2.5, 0.9] : [-0.5, 2.9];
        assert.ok(age > least && age < most, `${set.type}: ${age.toFixed(2)} s`);
      }
    });

    test('a time that is not in the manifest is 404', async () => {
      const { text } = await fetchOk(address(channel));
      const [set] = readManifest(text, address(channel));
      const wrong = set.segments[0].uri.replace(String(set.segments[0].time), String(set.segments[0].time + 1));
      assert.equal((await request(wrong)).status, 404);
    });

    test('after a gap a new Period begins, and the manifest is still valid', { skip: withoutSchemas, timeout: 40_000 }, async () => {
      await senders[channel].stop();
      await until('the channel to stand still', async () => !(await server.channel(channel)).live, { within: 10_000 });
      senders[channel] = send(channel);
      const text = await until('a second Period', async () => {
        const answer = await fetchOk(address(channel));
        return answer.text.split('<Period').length === 3 && answer.text;
      }, { within: 15_000 });
      await validate(text);
      for (const set of readManifest(text, address(channel))) {
        for (const segment of set.segments) await fetchOk(segment.uri);
        await fetchOk(set.init);
      }
    });

    test('the end of the channel closes the manifest', { skip: withoutSchemas }, async () => {
      await server.end(channel);
      const { text } = await fetchOk(address(channel));
      await validate(text);
      assert.equal(attribute(text, 'minimumUpdatePeriod'), undefined);
      assert.ok(attribute(text, 'mediaPresentationDuration'));
    });
  });
}

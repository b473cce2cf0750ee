// How a stable channel begins: who comes is let in once there is as much as players stay behind, for they keep the
// distance that they begin with; who plays already, a server that was started again for example, is not kept waiting.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { media } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { until } from '../harness/wait.mjs';

const kHoldBack = 12; // seconds: three target durations

let server, sender;
before(async () => {
  server = await Server.start({ config: '[[channel]]\nname = "main"\naccess = "public"\nlatency = "stable"\n' });
  sender = await feed(server, 'main', await film({ seconds: 60 }));
});
after(async () => {
  await sender?.stop();
  await server?.stop();
});

const status = async (name) => (await server.get(`/live/main/${name}`)).status;

test('players go on at the first segment, others begin at the distance that is promised', { timeout: 40_000 }, async () => {
  await until('the first segment', async () => (await status('video/index.m3u8')) === 200, { within: 15_000 });
  assert.equal(await status('manifest.mpd?update=1'), 200);
  for (const name of ['index.m3u8', 'manifest.mpd', 'manifest.mpd?keys=clearkey']) {
    const early = await server.get(`/live/main/${name}`);
    assert.equal(early.status, 404, name);
    assert.equal(early.headers['retry-after'], '1');
  }
  await server.segmentsOf('main');
  const { segments } = await media(`${server.http}/live/main/video/index.m3u8`);
  const seconds = segments.reduce((sum, { duration }) => sum + duration, 0);
  assert.ok(seconds > kHoldBack - 0.5 && seconds < kHoldBack + 2.5, `${seconds} s`);
});

test('a manifest says where players fetch it again, with the keys that they asked for', async () => {
  const location = async (name) => /<Location>(.*)<\/Location>/.exec((await server.get(`/live/main/${name}`)).text)?.[1];
  assert.equal(await location('manifest.mpd'), 'manifest.mpd?update=1');
  assert.equal(await location('manifest.mpd?update=1'), 'manifest.mpd?update=1');
  assert.equal(await location('manifest.mpd?keys=clearkey'), 'manifest.mpd?update=1&amp;keys=clearkey');
});

test('what has ended is shown, however short it was', { timeout: 30_000 }, async () => {
  await sender.stop();
  await server.end('main');
  sender = await feed(server, 'main', await film({ seconds: 60 }));
  await until('the first segment', async () => (await status('video/index.m3u8')) === 200, { within: 15_000 });
  assert.equal(await status('index.m3u8'), 404);
  await server.end('main');
  await until('the end', async () => (await status('index.m3u8')) === 200);
});

// A test channel: exactly its model's settings, with a picture of its own that never ends, and nothing
// that a programme would notice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { fetchOk, readMedia } from '../harness/hls.mjs';
import { film, probe, asFile } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { viewToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, camera;
before(async () => {
  const loop = await film({ seconds: 4, container: 'fmp4' });
  server = await Server.start({
    config: `
[server]
capacity = 3
[[rendition]]
name = "180p"
size = "320x180"
bitrate = 300000
[[rendition]]
name = "radio"
audio = 48000
[[channel]]
name = "stage"
latency = "stable"
ladder = ["180p", "radio"]
[[channel]]
name = "stage-test"
like = "stage"
input = "file:${loop}"
[[channel]]
name = "card"
access = "public"
input = "test:320x180"
[[channel]]
name = "nothing"
input = "file:/nowhere.mp4"
`,
  });
  camera = await feed(server, 'stage', await film({ seconds: 4 }));
});
after(async () => {
  await camera?.stop();
  await server?.stop();
});

const options = (channel) => ({ headers: { Authorization: `Bearer ${viewToken(channel)}` } });
const base = (channel) => `${server.http}/live/${channel}`;
const list = async (channel, rendition) =>
  readMedia((await fetchOk(`${base(channel)}/${rendition}/index.m3u8`, options(channel))).text, `${base(channel)}/${rendition}/`);

test('its playlists are those of its model', { timeout: 60_000 }, async () => {
  const whole = async (channel) => {
    await server.segmentsOf(channel, viewToken(channel), 30_000);
    return until(`all of ${channel}`, async () => {
      const { text } = await server.get(`/live/${channel}/index.m3u8`, options(channel));
      return text.includes('180p') && text.includes('radio') && text;
    }, { within: 30_000 });
  };
  const shape = (text) => text.replaceAll(/(BANDWIDTH)=\d+/g, '$1');
  assert.equal(shape(await whole('stage-test')), shape(await whole('stage')));
  assert.equal((await server.get('/live/stage-test/index.m3u8')).status, 401); // its access too
  assert.equal((await server.get('/api/v1/channels/stage/public')).json().test_channel, 'stage-test');
});

test('a file goes on past its end without a break', { timeout: 60_000 }, async () => {
  let segments;
  await until('three turns', async () => {
    ({ segments } = await list('stage-test', 'video'));
    return segments.length >= 7;
  }, { within: 40_000 });
  assert.ok(segments.every((segment) => !segment.discontinuity && !segment.gap), JSON.stringify(segments.map((s) => [s.uri, s.discontinuity, s.gap])));
  const pieces = [(await fetchOk(segments[0].map, options('stage-test'))).bytes];
  for (const { uri } of segments.slice(0, 6)) pieces.push((await fetchOk(uri, options('stage-test'))).bytes);
  const { streams } = await asFile(Buffer.concat(pieces), 'mp4', (path) => probe(path, ['-count_frames', '-show_streams']));
  const seconds = segments.slice(0, 6).reduce((sum, segment) => sum + segment.duration, 0);
  // A turn lasts as long as the longer of its tracks: the last picture of each stands a moment longer.
  assert.ok(Math.abs(Number(streams[0].nb_read_frames) - 30 * seconds) <= 4, `${streams[0].nb_read_frames} frames in ${seconds} s`);
});

test('the test picture plays in the size that was asked for', { timeout: 60_000 }, async () => {
  await server.segmentsOf('card', undefined, 30_000);
  const { text } = await fetchOk(`${base('card')}/index.m3u8`);
  assert.match(text, /RESOLUTION=320x180/);
});

test('a full programme leaves the test channel open, and a full test channel the programme', { timeout: 30_000 }, async () => {
  const watch = (channel, count) => Promise.all(Array.from({ length: count }, () => viewer(server, channel, '', { token: viewToken(channel) }).open()));
  const rehearsing = await watch('stage-test', 6); // more than there are seats
  const watching = await watch('stage', 2); // and the camera
  assert.equal((await server.get('/live/stage/index.m3u8', options('stage'))).status, 503);
  assert.equal((await server.get('/live/stage-test/index.m3u8', options('stage-test'))).status, 200);
  for (const socket of [...rehearsing, ...watching]) await socket.close();
});

test('a file that is not there is said once, and harms nobody', { timeout: 30_000 }, async () => {
  await until('a warning', () => server.log.includes('/nowhere.mp4'), { within: 10_000 });
  const lines = server.log.split('\n').filter((line) => line.includes('/nowhere.mp4'));
  assert.equal(lines.length, 1);
  assert.equal((await server.channel('stage')).live, true);
});

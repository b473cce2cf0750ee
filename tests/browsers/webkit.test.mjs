// WebKitGTK under Xvfb. WebKit on phones has no MediaSource, only ManagedMediaSource: so it is taken away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { injectingProxy } from '../harness/injecting_proxy.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';
import { startWebKit } from '../harness/webkit.mjs';

let server, sender, proxy, driver;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\n' });
  sender = new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=main`], { env: { BUTAI_TOKEN: publishToken() } });
  await server.segmentsOf('main');
  proxy = await injectingProxy(server.ports.http, 'delete window.MediaSource; delete window.WebKitMediaSource;');
  driver = await startWebKit();
});
after(async () => {
  await driver?.stop();
  proxy?.close();
  await sender?.stop();
  await server?.stop();
});

// WebKitGTK begins to count its pictures again now and then, so they are looked at instead.
const kLook = `(() => {
  const video = document.querySelector('video');
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 36];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 64, 36);
  const pixels = context.getImageData(0, 0, 64, 36).data;
  let sum = 0;
  for (const value of pixels) sum = (sum * 31 + value) % 4294967291;
  return { picture: sum, paused: video.paused, muted: video.muted, readyState: video.readyState, touched: navigator.userActivation?.hasBeenActive, ...window.butai.stats() };
})()`;

async function plays(port, player, name) {
  await driver.open(`http://localhost:${port}/watch/main?player=${player}`);
  const looks = [];
  const pictures = () => new Set(looks.slice(-20).map((look) => look.picture).filter(Boolean)).size; // without blank ones
  const running = () => looks.length >= 20 && looks.at(-1).currentTime - looks.at(-20).currentTime > 3 && pictures() >= 10;
  await until('the picture to run', async () => {
    const look = await driver.evaluate(kLook);
    if (look) looks.push(look);
    return running();
  }, { within: 25_000, every: 200 }).catch((error) => {
    throw new Error(`${error.message}; ${pictures()} different pictures in 20 looks, last: ${JSON.stringify(looks.at(-1))}`);
  });
  const last = looks.at(-1);
  console.log(`# ${name}: latency ${last.medianLatencySeconds?.toFixed(2)} s, ${pictures()} different pictures in 20 looks`);
  assert.equal(last.player, player);
  assert.equal(last.state, 'playing');
  await driver.screenshot(name);
}

test('the watch page plays through ManagedMediaSource where MediaSource is missing', { timeout: 90_000 }, async () => {
  await plays(proxy.port, 'ws', 'webkit_managed');
  assert.deepEqual(await driver.evaluate('[typeof MediaSource, typeof ManagedMediaSource]'), ['undefined', 'function']);
});

for (const player of ['hls', 'dash']) {
  test(`the watch page plays ${player}`, { timeout: 90_000 }, () => plays(server.ports.http, player, `webkit_${player}`));
}

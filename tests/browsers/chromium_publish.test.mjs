// The sender page: a browser with a camera and a microphone publishes, another one watches.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage, startChromium, watchPlaying } from '../harness/browser.mjs';
import { Server } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

let server, sending, watching;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\nloudness = true\n' });
  sending = await startChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
  watching = await startChromium();
});
after(async () => {
  await sending?.close();
  await watching?.close();
  await server?.stop();
});

const site = () => `http://localhost:${server.ports.http}`;

test('a tab publishes its camera and microphone; the watch page plays them', { timeout: 90_000 }, async () => {
  const sender = await openPage(sending, `${site()}/publish?channel=tab#token=${publishToken('tab')}`, { permissions: ['camera', 'microphone'] });
  await sender.screenshot('publish_before');
  await sender.page.getByRole('button', { name: /go live/i }).click();
  await until('the channel to be live', async () => (await server.channel('tab')).live, { within: 20_000 });
  await server.segmentsOf('tab');
  const channel = await server.channel('tab');
  assert.deepEqual(channel.inputs[0].tracks.map((track) => track.codec).sort(), ['aac', 'h264']);

  for (const player of ['ws', 'hls']) {
    const watch = await openPage(watching, `${site()}/watch/tab?player=${player}`);
    const seen = await watchPlaying(watch.stats, { seconds: 4 });
    const pictures = seen.at(-1).decodedFrames - seen[0].decodedFrames;
    console.log(`# ${player}: ${pictures} pictures in 4 s, latency ${seen.at(-1).medianLatencySeconds?.toFixed(2)} s`);
    assert.ok(pictures > 4 * 10, `${pictures} pictures in 4 s`);
    assert.deepEqual(watch.trouble, []);
    await watch.screenshot(`publish_seen_${player}`);
    await until('the sender to say that it is seen', async () => /seen by [1-9]/i.test(await sender.page.innerText('body')), { within: 8_000 });
    await watch.close();
  }
  const meter = sender.page.getByRole('meter', { name: 'Loudness' });
  await until('how loud it is', async () => /^−\d+\.\d LUFS/.test(await meter.getAttribute('aria-valuetext')), { within: 15_000 });
  assert.match(await sender.page.innerText('.loudness'), /Target −23\.0 LUFS/);
  await sender.screenshot('publish_live');
  assert.deepEqual(sender.trouble, []);
  await sender.page.getByRole('button', { name: /stop/i }).click();
  await until('the channel to be off', async () => !(await server.channel('tab')).live, { within: 10_000 });
  await sender.close();
});

test('without a token the page says what is missing', { timeout: 40_000 }, async () => {
  const sender = await openPage(sending, `${site()}/publish?channel=closed`, { permissions: ['camera', 'microphone'] });
  await sender.page.getByRole('button', { name: /go live/i }).click();
  await until('a word about the token', async () => {
    const trouble = sender.page.locator('[role=alert]');
    return (await trouble.count()) > 0 && /token/i.test(await trouble.first().innerText());
  }, { within: 15_000 });
  await sender.screenshot('publish_no_token');
  await sender.close();
});

test('in Japanese the pages are in Japanese', async () => {
  for (const path of ['/', '/watch/main', '/publish']) {
    const { page, close } = await openPage(watching, site() + path, { locale: 'ja-JP' });
    await until(`Japanese on ${path}`, async () => /[ぁ-んァ-ン一-龠]/.test((await page.innerText('body')).replaceAll('舞台', '').replaceAll('日本語', '')));
    await close();
  }
});

test('on a phone, dark: the page fits', async () => {
  for (const path of ['/', '/watch/tab', '/publish']) {
    const { page, screenshot, close } = await openPage(watching, site() + path, { viewport: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true, hasTouch: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${path} is ${wide} px wide`);
    await screenshot(`phone${path.replaceAll('/', '_')}`);
    await close();
  }
});

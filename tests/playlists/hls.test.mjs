// Rules of HLS that players rely on, checked on live playlists: hls-parser in strict mode, and what it
// does not look at (draft-pantos-hls-rfc8216bis-22, clauses 4.4 and 6.2.5, appendix B).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { asFile, film, pictureHashes } from '../harness/media.mjs';
import { applyDelta, attributes, fetchOk, media, renditionsOf, strictly } from '../harness/hls.mjs';
import { chunks } from '../harness/mp4.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server, request } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kTarget = 4; // EXT-X-TARGETDURATION, seconds
const near = (a, b, tolerance, what) =>
  assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} is not within ${tolerance} of ${b}`);

let server;
const senders = [];
const base = (channel) => `${server.http}/live/${channel}/index.m3u8`;

before(async () => {
  server = await Server.start({
    config: `
[channels]
access = "public"
[[channel]]
name = "low"
[[channel]]
name = "ntsc"
[[channel]]
name = "lossy"
[[channel]]
name = "stable"
latency = "stable"
`,
  });
  for (const channel of ['low', 'stable']) {
    senders.push(
      new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=${channel}`], {
        env: { BUTAI_TOKEN: publishToken(channel) },
      }),
    );
  }
  senders.push(await feed(server, 'ntsc', await film({ rate: '30000/1001', seconds: 60 })));
  // A camera that loses a quarter of its pictures, key frames too.
  const lossy = ['-vf', "select='gt(random(7),0.25)'", '-fps_mode', 'vfr', '-force_key_frames', 'expr:gte(t,n_forced*2)'];
  senders.push(await feed(server, 'lossy', await film({ seconds: 8, extra: lossy })));
  await Promise.all(['low', 'ntsc', 'lossy', 'stable'].map(async (channel) => {
    await server.segmentsOf(channel);
    await until(`a few segments of ${channel}`, async () => (await media((await renditions(channel)).video)).segments.length > 2);
  }));
});
after(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  await server?.stop();
});

async function renditions(channel) {
  const { text } = await fetchOk(base(channel));
  strictly(text);
  return renditionsOf(text, base(channel));
}

// What must hold for any media playlist of ours.
function checkMedia(list, { low, lossy = false }) {
  strictly(list.text);
  assert.equal(list.target, kTarget);
  assert.ok(!('EXT-X-PLAYLIST-TYPE' in list.tags), 'PLAYLIST-TYPE in a live playlist');
  assert.ok(list.segments.length > 0);
  for (const segment of list.segments) {
    assert.ok(Math.round(segment.duration) <= kTarget, `EXTINF ${segment.duration}`);
    assert.ok(segment.map, 'EXT-X-MAP');
    assert.ok(Number.isFinite(segment.time), 'EXT-X-PROGRAM-DATE-TIME on every segment');
  }
  for (let i = 1; i < list.segments.length; ++i) {
    const [a, b] = [list.segments[i - 1], list.segments[i]];
    if (b.discontinuity) assert.ok(b.time > a.time, 'time goes on after a discontinuity');
    else near(b.time - a.time, a.duration, 0.0015, 'PROGRAM-DATE-TIME against EXTINF');
  }
  const holdBack = Number(list.control['HOLD-BACK'] ?? 3 * list.target); // absent: three target durations
  assert.ok(holdBack >= 3 * kTarget, 'HOLD-BACK of three target durations');
  if (!low) {
    assert.ok(!list.text.includes('EXT-X-PART') && !list.hint, 'no parts in a plain playlist');
    return;
  }
  assert.equal(list.control['CAN-BLOCK-RELOAD'], 'YES');
  assert.ok(list.partTarget > 0 && list.partTarget <= 1);
  assert.ok(Number(list.control['PART-HOLD-BACK']) >= 3 * list.partTarget - 1e-9, 'PART-HOLD-BACK of three parts');
  // Where pictures are missing at a cut, EXTINF spans them and the last part lasts as was predicted.
  checkParts(list, lossy ? 3 / 30 : 0.002);
}

function checkParts(list, tolerance) {
  const all = [...list.segments, ...(list.open ? [list.open] : [])];
  assert.ok(all.at(-1).parts.length + all.at(-2).parts.length > 0, 'parts at the live edge');
  for (const segment of all) {
    const complete = segment !== list.open;
    segment.parts.forEach((part, at) => {
      assert.ok(part.duration <= list.partTarget + 1e-5, `part of ${part.duration} s, target ${list.partTarget}`);
      const last = at === segment.parts.length - 1;
      if (!part.independent && !(complete && last)) {
        assert.ok(part.duration >= 0.85 * list.partTarget || (!complete && last), `short part in the middle: ${part.duration}`);
      }
    });
    if (complete && segment.parts.length) {
      near(segment.parts.reduce((sum, part) => sum + part.duration, 0), segment.duration, tolerance, 'parts against EXTINF');
    }
  }
  // Parts are listed no further back than three target durations from the end.
  let fromEnd = 0;
  for (const segment of list.segments.toReversed?.() ?? [...list.segments].reverse()) {
    if (segment.parts.length) assert.ok(fromEnd <= 3 * kTarget + 0.01, `parts ${fromEnd} s from the end`);
    fromEnd += segment.duration;
  }
  assert.ok(list.hint, 'EXT-X-PRELOAD-HINT');
  assert.equal(list.text.match(/EXT-X-PRELOAD-HINT/g).length, 1);
}

// From one fetch of a playlist to a later one.
function checkGrowth(before, now) {
  assert.ok(now.sequence >= before.sequence, 'MEDIA-SEQUENCE never goes back');
  const shift = now.sequence - before.sequence;
  before.segments.slice(shift).forEach((segment, at) => {
    const same = now.segments[at];
    assert.equal(same?.uri, segment.uri, 'a segment keeps its number');
    assert.equal(same.duration, segment.duration, 'and its duration');
    assert.equal(same.time, segment.time, 'and its time');
  });
  assert.equal(now.partTarget, before.partTarget);
  assert.deepEqual(now.control, before.control);
}

async function followsTheRules(channel, { low, lossy = false }) {
  const urls = await renditions(channel);
  const last = {};
  // Long enough for the shortest playlist that is legal, three target durations.
  const end = performance.now() + 16_000;
  while (performance.now() < end) {
    for (const kind of ['video', 'audio']) {
      const list = await media(urls[kind]);
      checkMedia(list, { low, lossy });
      if (last[kind]) checkGrowth(last[kind], list);
      last[kind] = list;
    }
    const apart = Math.abs(last.video.sequence + last.video.segments.length - last.audio.sequence - last.audio.segments.length);
    assert.ok(apart <= 1, `renditions are ${apart} segments apart`);
    assert.deepEqual(last.video.control, last.audio.control, 'SERVER-CONTROL is the same everywhere');
    await sleep(170);
  }
  for (const list of Object.values(last)) {
    const length = list.segments.reduce((sum, segment) => sum + segment.duration, 0);
    assert.ok(length >= 3 * kTarget, `${length} s are listed`);
  }
}

// Each waits for the time line more than it works: all of them look at it at the same time.
describe('while it runs', { concurrency: true }, () => {
  for (const [channel, low] of [['low', true], ['ntsc', true], ['stable', false]]) {
    describe(`${channel} channel`, () => {
      test('the multivariant playlist names what is in it', async () => {
        const answer = await fetchOk(base(channel));
        assert.equal(answer.headers['content-type'], 'application/vnd.apple.mpegurl');
        assert.equal(answer.headers['access-control-allow-origin'], '*');
        const [, inf] = /#EXT-X-STREAM-INF:(.*)/.exec(answer.text);
        const variant = attributes(inf);
        assert.match(variant.CODECS, /^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
        assert.equal(variant.RESOLUTION, '640x360');
        assert.ok(Number(variant.BANDWIDTH) >= Number(variant['AVERAGE-BANDWIDTH']));
        assert.equal(variant['FRAME-RATE'], channel === 'ntsc' ? '29.970' : '30.000');
      });

      test('media playlists follow the rules while they grow', { timeout: 60_000 }, () => followsTheRules(channel, { low }));

      test('video segments begin with a key frame and decode alone; audio carries its time', async () => {
        const urls = await renditions(channel);
        const twoOf = (url) => until('two segments', async () => {
          const { segments } = await media(url);
          return segments.length > 1 && segments;
        });
        const segment = (await twoOf(urls.video)).at(-2);
        const [init, bytes] = await Promise.all([fetchOk(segment.map), fetchOk(segment.uri)]);
        assert.equal(bytes.headers['content-type'], 'video/mp4');
        assert.match(bytes.headers['cache-control'], /max-age=31536000, immutable/);
        const pictures = await asFile(Buffer.concat([init.bytes, bytes.bytes]), 'mp4', (path) => pictureHashes(path));
        assert.equal(pictures.length, chunks(bytes.bytes).length); // the test picture leaves some out on a busy machine
        assert.ok(pictures.length > 1);
        const sound = (await twoOf(urls.audio)).at(-2);
        assert.equal((await fetchOk(sound.uri)).headers['content-type'], 'audio/mp4');
      });

      test('what was never announced is 404', async () => {
        const urls = await renditions(channel);
        for (const wrong of ['12345.m4s', '12345.0.m4s', 'init-99.mp4', 'nothing', '..%2f..%2fetc%2fpasswd']) {
          const { status } = await request(new URL(wrong, urls.video).href);
          assert.equal(status, wrong.includes('%') ? 400 : 404, wrong);
        }
      });
    });
  }

  test('a publisher that loses pictures has playlists that follow the rules', { timeout: 60_000 }, () =>
    followsTheRules('lossy', { low: true, lossy: true }));

  for (const channel of ['low', 'ntsc']) {
    describe(`low latency of the ${channel} channel`, () => {
      test('blocking reload answers when the part is there, not before', async () => {
        const { video } = await renditions(channel);
        for (let round = 0; round < 8; ++round) {
          const now = await media(video);
          const msn = now.sequence + now.segments.length;
          const part = now.open?.parts.length ?? 0;
          const list = await media(`${video}?_HLS_msn=${msn}&_HLS_part=${part}`);
          const last = list.sequence + list.segments.length;
          const parts = list.open?.parts.length ?? 0;
          assert.ok(last > msn || (last === msn && parts > part), `asked for ${msn}.${part}, got up to ${last}.${parts - 1}`);
          checkMedia(list, { low: true });
          checkGrowth(now, list);
        }
      });

      test('blocking reload by segment alone waits for the whole segment', async () => {
        const { video } = await renditions(channel);
        const now = await media(video);
        const msn = now.sequence + now.segments.length;
        const list = await media(`${video}?_HLS_msn=${msn}`);
        assert.ok(list.sequence + list.segments.length > msn);
      });

      test('a part after the last of its segment means the first of the next', async () => {
        const { video } = await renditions(channel);
        const now = await media(video);
        const msn = now.sequence + now.segments.length;
        const list = await media(`${video}?_HLS_msn=${msn}&_HLS_part=7`); // a segment that is a little longer than usual has a seventh
        const last = list.sequence + list.segments.length;
        assert.ok(last > msn, 'it waited for the next segment');
      });

      test('what was asked for long ago is answered at once, with the whole playlist', async () => {
        const { video } = await renditions(channel);
        const now = await media(video);
        const list = await media(`${video}?_HLS_msn=${now.sequence}&_HLS_part=0`);
        assert.ok(list.segments.length >= now.segments.length - 1);
      });

      test('requests that cannot be meant are 400', async () => {
        const { video } = await renditions(channel);
        const now = await media(video);
        const msn = now.sequence + now.segments.length;
        for (const query of ['_HLS_part=0', `_HLS_msn=${msn + 9}`, '_HLS_msn=x', '_HLS_msn=-1', `_HLS_msn=${msn + 1}&_HLS_part=99`, `_HLS_msn=${msn}&_HLS_part=x`]) {
          const answer = await request(`${video}?${query}`);
          assert.equal(answer.status, 400, query);
          assert.match(answer.headers['content-type'], /problem\+json/);
        }
      });

      test('the hinted part can be asked for at once, comes when it is made, and keeps its address', async () => {
        const urls = await renditions(channel);
        await Promise.all([urls.video, urls.audio].map(async (url) => {
          const missed = [];
          for (let round = 0; round < 10; ++round) {
            const { hint } = await media(url);
            const answer = await request(hint);
            assert.equal(answer.status, 200, hint);
            const list = await until('the hinted part to be listed', async () => {
              const now = await media(url);
              return now.hint !== hint && now;
            });
            const listed = [...list.segments, list.open].flatMap((segment) => segment?.parts ?? []);
            if (!listed.some((part) => part.uri === hint)) missed.push([hint, ...listed.slice(-4).map(({ uri }) => uri)]);
            assert.ok(answer.bytes.length > 0);
          }
          assert.deepEqual(missed, [], 'hints that were not the address that the part then had');
        }));
      });

      test('a segment is the bytes of its parts', async () => {
        const urls = await renditions(channel);
        for (const url of [urls.video, urls.audio]) {
          const list = await media(url);
          const segment = list.segments.at(-1);
          const whole = (await fetchOk(segment.uri)).bytes;
          const parts = await Promise.all(segment.parts.map(async (part) => (await fetchOk(part.uri)).bytes));
          assert.ok(Buffer.concat(parts).equals(whole), `${segment.uri}`);
        }
      });

      test('a delta update applied to an older playlist is the whole one, byte for byte', { timeout: 60_000 }, async () => {
        const urls = await renditions(channel);
        await Promise.all([urls.video, urls.audio].map(async (url) => {
          const old = await until('a playlist that is longer than the skip boundary', async () => {
            const list = await media(url);
            const behindFirst = list.segments.slice(1).reduce((sum, segment) => sum + segment.duration, 0);
            return behindFirst > 6 * kTarget && list;
          }, { within: 45_000 });
          assert.equal(Number(old.control['CAN-SKIP-UNTIL']), 6 * kTarget);
          let previous = old.text;
          for (let round = 0; round < 5; ++round) {
            // Two requests may meet two versions, so ask until both have the same end.
            const end = (answer) => answer.text.slice(answer.text.indexOf('#EXT-X-PRELOAD-HINT'));
            const [delta, whole] = await until('two answers of one version', async () => {
              const both = await Promise.all([fetchOk(`${url}?_HLS_skip=YES`), fetchOk(url)]);
              return end(both[0]) === end(both[1]) && both;
            }, { every: 50 });
            assert.match(delta.text, /#EXT-X-SKIP:SKIPPED-SEGMENTS=[1-9]/);
            assert.ok(delta.bytes.length < whole.bytes.length);
            strictly(delta.text);
            assert.equal(applyDelta(previous, delta.text), whole.text);
            previous = whole.text;
            await sleep(400);
          }
        }));
      });

      test('rendition reports tell where the other playlist is', async () => {
        const urls = await renditions(channel);
        for (const [url, other] of [[urls.video, urls.audio], [urls.audio, urls.video]]) {
          const list = await media(url);
          assert.equal(list.reports.length, 1);
          const [report] = list.reports;
          assert.equal(report.uri, other);
          const now = await media(other);
          const edge = now.sequence + now.segments.length;
          assert.ok(edge - Number(report['LAST-MSN']) <= 1, `LAST-MSN ${report['LAST-MSN']}, the edge is ${edge}`);
          assert.ok(report['LAST-PART'] !== undefined);
        }
      });
    });
  }

  test('a request that is held for three target durations is 503', { timeout: 40_000 }, async () => {
    const publisher = await feed(server, 'silent', await film({ seconds: 8 }));
    await server.segmentsOf('silent');
    const { video } = await renditions('silent');
    await publisher.stop();
    const list = await until('the playlist to stand still', async () => {
      const [a, b] = [await media(video), (await sleep(1000), await media(video))];
      return a.text === b.text && b;
    }, { within: 20_000 });
    assert.ok(!list.ended, 'no ENDLIST while nobody publishes');
    const from = performance.now();
    const answer = await request(`${video}?_HLS_msn=${list.sequence + list.segments.length + 1}`);
    assert.equal(answer.status, 503);
    near((performance.now() - from) / 1000, 12, 1.5, 'seconds held');
    assert.ok(answer.headers['retry-after']);
  });
});

test('an ended channel has ENDLIST, no hints, and its playlist obeys the rules', async () => {
  const { video } = await renditions('stable');
  await server.end('stable');
  const list = await media(video);
  strictly(list.text);
  assert.ok(list.ended && !list.hint);
  assert.equal((await request(`${video}?_HLS_msn=99999999999`)).status, 200, 'both questions are ignored');
});

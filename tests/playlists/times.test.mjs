// Playlists name times and lengths, and so do the segments themselves. Players compare them: shaka-player
// puts the browser's parser back when they drift apart by a millisecond, browsers take nothing until the
// next key frame behind a hole in the decode times. So both must agree, whatever the source is.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media, renditionsOf } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { chunks, timescales } from '../harness/mp4.mjs';
import { program } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { request, Server } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';

const kSeconds = 10;
const kApartMs = 1; // what shaka-player bears

const sources = {
  fmp4: async () => feed(server, 'fmp4', await film({ seconds: 60 })),
  reordered: async () => feed(server, 'reordered', await film({ seconds: 60, bframes: 2 })),
  flv: async () => feed(server, 'flv', await film({ seconds: 60 }), { container: 'flv' }), // whole milliseconds
  ntsc: async () => feed(server, 'ntsc', await film({ seconds: 60, rate: '30000/1001' })),
  // Leaves pictures out when the machine is busy.
  pattern: () => new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=pattern`], { env: { BUTAI_TOKEN: publishToken('pattern') } }),
};

let server;
const senders = [];
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\n' });
  for (const start of Object.values(sources)) senders.push(await start());
  await Promise.all(Object.keys(sources).map((channel) => server.segmentsOf(channel)));
});
after(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  await server?.stop();
});

// Every part that is listed within kSeconds: where the playlist puts it, by adding up lengths as players
// do, and where its first chunk is, in ms; and the chunks of it. Each hint is followed.
async function follow(url) {
  const parts = new Map();
  const starts = new Map(); // of segments, by number
  const hints = [];
  let timescale;
  const end = performance.now() + kSeconds * 1000;
  while (performance.now() < end) {
    const list = await media(url);
    const segments = [...list.segments, ...(list.open ? [list.open] : [])];
    timescale ??= Object.values(timescales((await fetchOk(segments[0].map)).bytes))[0];
    for (const [at, segment] of segments.entries()) {
      const number = list.sequence + at;
      if (!starts.has(number)) starts.set(number, segment.discontinuity || !starts.has(number - 1) ? segment.time : starts.get(number - 1) + segments[at - 1].duration);
      let listed = starts.get(number);
      for (const [place, part] of segment.parts.entries()) {
        if (!parts.has(part.uri)) {
          const all = chunks((await fetchOk(part.uri)).bytes);
          parts.set(part.uri, { breaks: place === 0 && segment.discontinuity, apart: (listed - all[0].start / timescale) * 1000, all });
        }
        listed += part.duration;
      }
    }
    if (list.hint) hints.push((await request(list.hint)).status);
  }
  return { parts: [...parts.values()], hints, timescale };
}

describe('all at the same time', { concurrency: true }, () => {
  for (const channel of Object.keys(sources)) {
    test(`${channel}: parts are where the playlist says, and hold no hole`, { timeout: 60_000 }, async () => {
      const master = `${server.http}/live/${channel}/index.m3u8`;
      const urls = renditionsOf((await fetchOk(master)).text, master);
      const followed = await Promise.all(['video', 'audio'].map(async (kind) => [kind, await follow(urls[kind])]));
      for (const [kind, { parts, hints, timescale }] of followed) {
        assert.ok(parts.length > 20, `${parts.length} parts of ${kind}`);
        const from = parts.findLastIndex((part) => part.breaks); // a new time line may have another offset
        const apart = parts.slice(Math.max(0, from)).map((part) => part.apart);
        const spread = Math.max(...apart) - Math.min(...apart);
        console.log(`# ${channel} ${kind}: ${parts.length} parts within ${spread.toFixed(3)} ms of the playlist, ${hints.length} hints`);
        assert.ok(spread < kApartMs, `${kind}: the playlist and the media drift apart by ${spread} ms`);
        assert.deepEqual(hints.filter((status) => status !== 200), [], `hints of ${kind}`);
        if (kind === 'audio') continue;
        let before;
        for (const { all, breaks } of parts) {
          for (const chunk of all) {
            if (before && !breaks) {
              const hole = chunk.start - before.start - before.duration;
              // Behind a part's last chunk a segment may begin on the grid, where pictures are missing.
              assert.ok(hole === 0 || (chunk === all[0] && hole > 0 && hole < timescale / 3), `a hole of ${hole} ticks behind a picture of ${before.duration}`);
            }
            before = chunk;
          }
        }
      }
    });
  }
});

// ./dev bench segments: answers per CPU-second of segments, parts and playlists, beside nginx with the
// very same bytes in files. nginx has one worker and asks nobody for a right: so butai has one loop and
// the channel is public. What a play's signed path costs is a line of its own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../tests/harness/process.mjs';
import { request } from '../tests/harness/server.mjs';
import { until } from '../tests/harness/wait.mjs';
import { bearer, folder, generator, how, isolate, load, nginx, ours, ratios, rounds, table } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

isolate();

// A server with W2 on it, and the newest whole segment, a part and the playlist of it.
async function channel(work) {
  const server = await ours({ config: 'access = "public"\n[server]\nloops = 1\n' });
  const args = ['bench', 'fanout', server.watch, '--publish', server.publish, '--kbit', '3000', '--fps', '30', '--viewers', '1', '--seconds', '100', '--json'];
  const publisher = new Child(generator, args, { env: { BUTAI_TOKEN: bearer } });
  const get = (path) => request(server.server.http + path);
  try {
    const folderOf = '/live/main/';
    const media = await until('a whole segment', async () => {
      const top = await get(`${folderOf}index.m3u8`);
      const playlist = top.status === 200 && top.text.split('\n').find((line) => line && !line.startsWith('#'));
      const list = playlist && (await get(folderOf + playlist));
      const lines = list && list.status === 200 ? list.text.split('\n') : [];
      const segment = lines.filter((line) => line && !line.startsWith('#'))[1];
      const part = /#EXT-X-PART:.*URI="([^"]+)"/.exec(lines.find((line) => line.startsWith('#EXT-X-PART:')) ?? '')?.[1];
      const place = playlist && folderOf + playlist.slice(0, playlist.lastIndexOf('/') + 1);
      return segment && part && { playlist: folderOf + playlist, segment: place + segment, part: place + part };
    }, { within: 20_000 });
    return await work(server, media, get);
  } finally {
    await publisher.stop('SIGKILL');
    await server.stop();
  }
}

const directory = folder();
const kinds = { 'segment, https': ['segment', 'https'], 'part, http': ['part', 'http'], 'playlist, http': ['playlist', 'http'], 'segment, http': ['segment', 'http'], 'playlist, https': ['playlist', 'https'], 'playlist by a play, http': ['playlist', 'http', 'play'] };
const samples = {};
const taken = {};
for (const [name, [what, scheme, right]] of Object.entries(kinds)) {
  samples[`butai: ${name}`] = () => channel(async (server, media, get) => {
    taken[what] = (await get(media[what])).bytes;
    writeFileSync(join(directory, what), taken[what]);
    const { pathname } = new URL((await server.server.play()).hls);
    const signed = pathname.slice(0, pathname.indexOf('/live/'));
    return load('requests', [server.server[scheme] + (right ? signed : '') + media[what], '--pid', server.pid], 4, '');
  });
  samples[`nginx: ${name}`] = async () => {
    if (!taken[what]) await samples[`butai: ${name}`]();
    const server = await nginx({ directory });
    try {
      return await load('requests', [`${server[scheme]}/${what}`, '--pid', server.pid], 4, '');
    } finally {
      await server.stop();
    }
  };
}
const figures = await rounds(samples);
const rate = (sample) => sample.answers_per_cpu_s;
const against = (name) => ratios(figures[`butai: ${name}`], figures[`nginx: ${name}`], rate);
const lines = verdicts([
  { what: 'answers per CPU-second against nginx: segments, https', must: 1, least: true, got: against('segment, https') },
  { what: 'answers per CPU-second against nginx: parts, http', must: 1.1, least: true, got: against('part, http') },
  { what: 'answers per CPU-second against nginx: playlists, http', must: 1.4, least: true, got: against('playlist, http') },
]);
keep('segments', figures);
writeSection('Segments, parts, playlists', `Closed loop, 64 connections, the same bytes from both; nginx has one worker, sendfile, files in memory, butai one loop and a public channel. ${how()}
${machine()}

${table(Object.keys(samples), figures, { 'answers per CPU-s': rate, 'answers/s': (s) => s.answers_per_s, cores: (s) => s.server_cores, bytes: (s) => s.body_bytes, 'generator, cores': (s) => s.generator_cores })}

${lines}`);

// What people have installed: mpv, VLC and GStreamer, by HLS and DASH, for as long as it takes to see that they go on
// after the segments that were there when they came. Not asked for: low-latency DASH of VLC 3; DASH of GStreamer 1.22, which adds
// the start of a Period (in ours, 57 years) to its segments twice and waits for that day.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { program } from '../harness/paths.mjs';
import { Child, run } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { publishToken } from '../harness/token.mjs';
import { sleep } from '../harness/wait.mjs';

const kSeconds = 25;
const kKept = '[channels]\naccess = "public"\n[[channel]]\nname = "low"\n[[channel]]\nname = "stable"\nlatency = "stable"\n';
let server;
const senders = [];
before(async () => {
  server = await Server.start({ config: kKept });
  for (const channel of ['low', 'stable']) {
    senders.push(new Child(program, ['publish', 'test', '--size', '640x360', `${server.ws}/ws?channel=${channel}`], { env: { BUTAI_TOKEN: publishToken(channel) } }));
  }
  await Promise.all(['low', 'stable'].map((channel) => server.segmentsOf(channel)));
  await sleep(12_000); // a player that comes late has a window behind it
});
after(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  await server?.stop();
});

// VLC does not run as root.
const asSomebody = (command, args) => (process.getuid() === 0 ? ['setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', command, ...args]] : [command, args]);

const kPlayers = {
  // Ends by itself after `--length` of playing.
  mpv: async (url) => {
    const begun = performance.now();
    const { stdout } = await run('mpv', ['--no-config', '--vo=null', '--ao=null', `--length=${kSeconds}`, url], { timeout: (kSeconds + 30) * 1000 });
    const seconds = (performance.now() - begun) / 1000;
    assert.match(stdout, /Video .*h264[^]*Audio .*aac[^]*End of file/);
    assert.ok(seconds > kSeconds - 1 && seconds < kSeconds + 5, `${kSeconds} s took ${seconds} s`);
  },
  // Says what it fetches; `segments` are picture and sound, 2 s each.
  vlc: async (url) => {
    const vlc = new Child(...asSomebody('cvlc', ['-I', 'dummy', '--aout=adummy', '--vout=vdummy', '-vv', url]), { env: { HOME: '/tmp' } });
    await sleep(kSeconds * 1000);
    await vlc.stop('SIGKILL');
    const segments = vlc.stderr.match(/Retrieving \S+\.m4s/g)?.length ?? 0;
    assert.ok(segments > kSeconds * 0.8, `${segments} segments in ${kSeconds} s`);
    assert.match(vlc.stderr, /Received first picture/);
  },
  // Prints its position.
  'gst-play': async (url) => {
    const { stdout } = await run('timeout', [String(kSeconds), 'gst-play-1.0', '--no-interactive', '--videosink=fakevideosink', '--audiosink=fakeaudiosink', url], { timeout: (kSeconds + 20) * 1000, anyStatus: true });
    const seen = [...stdout.matchAll(/0:00:(\d+\.\d)/g)].map(([, position]) => Number(position));
    assert.ok(seen.length > 10 && seen.at(-1) - seen[0] > kSeconds - 10, `from ${seen[0]} to ${seen.at(-1)} s`);
  },
};

describe('two at a time', { concurrency: 2 }, () => {
  for (const [player, channel, file] of [
    ['mpv', 'low', 'index.m3u8'], ['mpv', 'low', 'manifest.mpd'], ['mpv', 'stable', 'index.m3u8'], ['mpv', 'stable', 'manifest.mpd'],
    ['vlc', 'low', 'index.m3u8'], ['vlc', 'stable', 'index.m3u8'], ['vlc', 'stable', 'manifest.mpd'],
    ['gst-play', 'low', 'index.m3u8'], ['gst-play', 'stable', 'index.m3u8'],
  ]) {
    test(`${player} plays ${file} of a ${channel} channel`, { timeout: 90_000 }, () => kPlayers[player](`${server.http}/live/${channel}/${file}`));
  }
});

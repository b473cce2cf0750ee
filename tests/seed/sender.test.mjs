// The sender of the document that the project began with: taken from the document as it stands, run
// with Debian's Python, and only the address, the source and an Authorization header changed.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { seeds } from '../harness/paths.mjs';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { hash, pictureHashes, plainFilm, probe, asFile } from '../harness/media.mjs';
import { collect } from '../harness/dash.mjs';
import { publishToken, viewToken } from '../harness/token.mjs';
import { sleep, until } from '../harness/wait.mjs';

const kRunsForSeconds = process.env.BUTAI_LONG === '1' ? 3600 : 50;

// The one Python block that connects and sends.
function senderOf(markdown) {
  const blocks = [...markdown.matchAll(/```python\n([\s\S]*?)```/g)].map((match) => match[1]);
  const found = blocks.filter((block) => block.includes('websockets.connect'));
  assert.equal(found.length, 1, 'the document has one sender');
  return found[0];
}

function changed(sender, { uri, film, token }) {
  const replacements = [
    [/uri = ".*"/, `uri = "${uri}"`],
    ['cv2.VideoCapture(0)', `cv2.VideoCapture("${film}")`],
    ['websockets.connect(uri)', `websockets.connect(uri, extra_headers={"Authorization": "Bearer ${token}"})`],
  ];
  return replacements.reduce((text, [from, to]) => {
    const after = text.replace(from, to);
    assert.notEqual(after, text, `the sender has no ${from}`);
    return after;
  }, sender);
}

// Runs a Python file and writes the SHA-256 of what each send() is given to standard error. The file
// itself is not touched: what it imports is watched.
const kWatcher = `
import hashlib, runpy, sys, websockets.legacy.protocol as protocol
send = protocol.WebSocketCommonProtocol.send
async def watched(self, message):
    print(hashlib.sha256(message).hexdigest(), file=sys.stderr, flush=True)
    await send(self, message)
protocol.WebSocketCommonProtocol.send = watched
runpy.run_path(sys.argv[1], run_name='__main__')
`;

test("the document's own sender", { skip: seeds ? false : 'the folder shared/seeds is not here; set BUTAI_SEEDS' }, async (t) => {
  let server, sender, jpegs;
  before(async () => {
    server = await Server.start();
    // Long enough to be sending when the 50 s are over: 100 pictures a second at most.
    const film = await plainFilm({ seconds: 30 });
    const long = join(server.data, 'long.txt');
    const repeats = Math.ceil((kRunsForSeconds * 100) / 900) + 2;
    writeFileSync(long, Array(repeats).fill(`file '${film}'`).join('\n'));
    const source = join(server.data, 'film.mkv');
    const { run } = await import('../harness/process.mjs');
    await run('ffmpeg', ['-v', 'error', '-f', 'concat', '-safe', '0', '-i', long, '-c', 'copy', source]);
    const script = join(server.data, 'sender.py');
    const text = senderOf(readFileSync(join(seeds, 'websocket-video.md'), 'utf8'));
    writeFileSync(script, changed(text, { uri: `${server.ws}/ws`, film: source, token: publishToken() }));
    writeFileSync(join(server.data, 'watch.py'), kWatcher);

    jpegs = viewer(server, 'main', 'format=jpeg', { token: viewToken(), keep: hash });
    await jpegs.open();
    sender = new Child('/usr/bin/python3', ['-W', 'ignore', join(server.data, 'watch.py'), script]);
    sender.started = performance.now();
  });
  after(async () => {
    await jpegs?.close();
    await sender?.stop();
    await server?.stop();
  });
  const sent = () => sender.stderr.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line));

  await t.test('JPEG viewers get its pictures byte for byte and in order', async () => {
    await jpegs.count(200, 30_000);
    const got = jpegs.messages.slice(0, 200);
    const from = sent().indexOf(got[0]);
    assert.equal(from, 0, 'the first picture is the first one sent: the viewer was there before');
    assert.deepEqual(got, sent().slice(0, 200));
  });

  await t.test('HLS and DASH of the channel decode', async () => {
    await server.segmentsOf('main', viewToken());
    const play = await server.play('main', viewToken());
    for (const address of [play.hls, play.dash]) {
      const { streams } = await until(address, () => probe(address), { within: 20_000 });
      assert.deepEqual(streams.map((s) => [s.codec_name, s.width, s.height]), [['h264', 640, 360]]);
    }
    await until('a second of pictures', async () => {
      const bytes = await collect(play.dash, 'video', {});
      return (await asFile(bytes, 'mp4', (path) => pictureHashes(path))).length >= 30;
    }, { within: 20_000, every: 500 });
  });

  await t.test(`it still sends after ${kRunsForSeconds} s, although it never reads`, { timeout: (kRunsForSeconds + 60) * 1000 }, async () => {
    await sleep(Math.max(0, kRunsForSeconds * 1000 - (performance.now() - sender.started)));
    const before = sent().length;
    await until('another 20 pictures', () => sent().length >= before + 20);
    assert.ok(sender.running, sender.stderr.slice(-500));
    assert.equal(jpegs.how, undefined, 'the viewer is still connected');
    assert.equal(jpegs.messages.at(-1), sent()[jpegs.messages.length - 1], 'none was lost meanwhile');
  });
});

// What a publisher sends is what viewers get: pictures and sound of HLS, of DASH and of a WebSocket
// viewer are bit-exact to the source.
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertExact, watchAll } from '../harness/exact.mjs';
import { film, pictureHashes, soundHashes } from '../harness/media.mjs';
import { Server } from '../harness/server.mjs';
import { publisher } from '../harness/socket.mjs';
import { publishToken } from '../harness/token.mjs';
import { sleep } from '../harness/wait.mjs';

let server;
before(async () => (server = await Server.start()));
after(async () => server?.stop());

const kPiece = 16 * 1024;

// Sends a file in pieces; paced: as fast as it plays.
async function sendFile(socket, path, { seconds, pace }) {
  const bytes = readFileSync(path);
  const from = performance.now();
  for (let at = 0; at < bytes.length; at += kPiece) {
    await socket.send(bytes.subarray(at, at + kPiece));
    if (pace) await sleep((at / bytes.length) * seconds * 1000 - (performance.now() - from));
  }
}

const kCases = [
  { name: 'fmp4-30', film: {} },
  { name: 'fmp4-30-paced', film: {}, pace: true },
  { name: 'fmp4-30-hangs-up', film: {}, hangsUp: true }, // all of it is sent before it plays
  { name: 'fmp4-25', film: { rate: '25' } },
  { name: 'fmp4-2997', film: { rate: '30000/1001' } },
  { name: 'fmp4-b-frames', film: { bframes: 2 } },
  { name: 'fmp4-every-frame', film: { container: 'fmp4_frames' } },
  { name: 'fmp4-every-frame-50', film: { container: 'fmp4_frames', rate: '50' } }, // its last two pictures have one time
  { name: 'flv-30', film: { container: 'flv' } },
  // Where a picture ends is known when the next one begins, or when the publisher hangs up.
  { name: 'ts-30', film: { container: 'ts' }, hangsUp: true },
  { name: 'matroska-30', film: { container: 'webm' } },
  { name: 'matroska-b-frames', film: { container: 'webm', bframes: 3 } }, // decode times are ours
];

describe('what is sent is what is seen', { concurrency: 5 }, () => {
  for (const { name, film: wanted, pace = false, hangsUp = false } of kCases) {
    test(`${name}: bit-exact in HLS, DASH and WebSocket`, { timeout: 120_000 }, async () => {
      const seconds = 8;
      const source = await film({ seconds, ...wanted });
      // In a transport stream every AAC frame has a header of its own, in MP4 none has.
      const plain = wanted.container === 'ts' ? ['-bsf:a', 'aac_adtstoasc'] : [];
      // Where the last two pictures have one time, ffmpeg reads one of them; the same encoding has both.
      const truth = wanted.container === 'fmp4_frames' ? await film({ seconds, ...wanted, container: 'fmp4' }) : source;
      const sent = { video: await pictureHashes(truth), audio: await soundHashes(source, plain) };
      const camera = publisher(server, `channel=${name}`, { token: publishToken(name) });
      await camera.open();
      const got = await watchAll(server, name, async () => {
        await sendFile(camera, source, { seconds, pace });
        if (hangsUp) await camera.close();
      });
      await camera.close();
      await assertExact(got, sent);
    });
  }
});

// Two decryptors that share no code with the program: shaka-packager and ffmpeg. Both get the keys as a
// player would, from the license addresses.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './process.mjs';
import { root } from './paths.mjs';
import { asFile } from './media.mjs';
import { boxes, find } from './mp4.mjs';

export const packager = join(root, 'tests/node_modules/shaka-packager/bin/packager-linux-x64');

// What an init segment says of each protected track: [{track, scheme, kid, iv}].
export function protections(init) {
  return find(boxes(init), 'moov', 'trak').map((trak) => {
    const [stsd] = find(trak.boxes, 'mdia', 'minf', 'stbl', 'stsd');
    const at = stsd.body.indexOf('tenc', 0, 'latin1');
    if (at < 0) return { clear: true };
    const schm = stsd.body.indexOf('schm', 0, 'latin1');
    const tenc = stsd.body.subarray(at + 4);
    const [tkhd] = find(trak.boxes, 'tkhd');
    return {
      track: tkhd.body.readUInt32BE(tkhd.body[0] === 1 ? 20 : 12),
      scheme: stsd.body.toString('latin1', schm + 8, schm + 12),
      kid: tenc.toString('hex', 8, 24),
      pattern: tenc[5],
      perSampleIv: tenc[7],
      iv: tenc[7] === 0 ? tenc.toString('hex', 25, 25 + tenc[24]) : undefined,
    };
  });
}

// The key of an id, as a player with this token fetches it.
export async function identityKey(server, kid, token) {
  const answer = await server.get(`/license/identity/${kid}`, { token });
  if (answer.status !== 200 || answer.bytes.length !== 16) throw new Error(`identity ${kid}: ${answer.status} ${answer.text}`);
  return answer.bytes.toString('hex');
}

const framemd5 = (stdout) => stdout.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(',')[5].trim());
const kinds = {
  video: ['-map', '0:v:0', '-fps_mode', 'passthrough', '-threads', '1'],
  audio: ['-map', '0:a:0', '-c', 'copy'],
};

// MD5s of the pictures or sound frames in `bytes`, decrypted by ffmpeg itself.
export const ffmpegHashes = (bytes, kind, key) =>
  asFile(bytes, 'mp4', async (path) => {
    const { stdout } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-fflags', '+ignidx', '-decryption_key', key, '-i', path, ...kinds[kind], '-f', 'framemd5', '-'], { timeout: 120_000 });
    return framemd5(stdout);
  });

// shaka-packager 3.4.2 crashes on a file whose only track is not number 1, encrypted or clear.
function asTrackOne(bytes) {
  const copy = Buffer.from(bytes);
  const all = boxes(copy);
  const heads = find(all, 'moov', 'trak', 'tkhd');
  if (heads.length !== 1) return copy;
  heads[0].body.writeUInt32BE(1, heads[0].body[0] === 1 ? 20 : 12);
  for (const { body } of [...find(all, 'moov', 'mvex', 'trex'), ...find(all, 'moof', 'traf', 'tfhd')]) body.writeUInt32BE(1, 4);
  return copy;
}

// The same, decrypted by shaka-packager; `keys`: {kid: key} of all tracks.
export const shakaHashes = (bytes, kind, keys) =>
  asFile(asTrackOne(bytes), 'mp4', async (path) => {
    chmodSync(packager, 0o755);
    const out = `${path}.clear.mp4`;
    const list = Object.entries(keys).map(([kid, key], at) => `label=L${at}:key_id=${kid}:key=${key}`).join(',');
    await run(packager, [`in=${path},stream=${kind},output=${out}`, '--enable_raw_key_decryption', '--keys', list], { timeout: 120_000 });
    const { stdout } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-fflags', '+ignidx', '-i', out, ...kinds[kind], '-f', 'framemd5', '-'], { timeout: 120_000 });
    return framemd5(stdout);
  });


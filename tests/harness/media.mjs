// Sources made by ffmpeg, kept in build/scenarios between runs, and what ffmpeg says of pictures and
// sound that viewers got.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { workFolder } from './paths.mjs';
import { run } from './process.mjs';

const folder = join(workFolder, 'media');
mkdirSync(folder, { recursive: true });

const making = new Map(); // path -> promise: tests of one file run side by side

// The file that `make` writes, kept under the name of what identifies it; made once.
export async function kept(extension, identity, make) {
  const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
  const path = join(folder, `${name}.${extension}`);
  if (existsSync(path)) return path;
  if (!making.has(path)) {
    const unfinished = join(folder, `${process.pid}-${name}.${extension}`);
    making.set(path, make(unfinished).then(() => renameSync(unfinished, path)));
  }
  await making.get(path);
  return path;
}

// The file that ffmpeg makes of these arguments.
export const made = (extension, args) =>
  kept(extension, args, (path) => run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, path], { timeout: 120_000 }));

const kFragmented = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4'];
export const containers = {
  fmp4: { extension: 'mp4', args: kFragmented },
  fmp4_frames: { extension: 'mp4', args: ['-movflags', '+frag_every_frame+empty_moov+default_base_moof', '-f', 'mp4'] },
  flv: { extension: 'flv', args: ['-f', 'flv'] },
  ts: { extension: 'ts', args: ['-f', 'mpegts'] },
  webm: { extension: 'mkv', args: ['-f', 'matroska', '-live', '1'] }, // H.264 in Matroska, as browsers write it
};

// A moving picture with a counter and a beep: H.264 + AAC.
export function film({ rate = '30', seconds = 8, gop = 2, bframes = 0, size = '640x360', container = 'fmp4', sound = 'aac', profile = 'main', extra = [] } = {}) {
  const frames = Math.round(gop * (rate.includes('/') ? Number(rate.split('/')[0]) / Number(rate.split('/')[1]) : Number(rate)));
  const { extension, args } = containers[container];
  return made(extension, [
    '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`,
    ...(sound ? ['-f', 'lavfi', '-i', 'sine=frequency=440:beep_factor=4:sample_rate=48000'] : []),
    '-t', String(seconds), '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', bframes ? 'high' : profile,
    '-pix_fmt', 'yuv420p', '-g', String(frames), '-keyint_min', String(frames), '-sc_threshold', '0',
    '-bf', String(bframes), '-b:v', '1200k', '-threads', '1',
    ...(sound === 'aac' ? ['-c:a', 'aac', '-b:a', '96k', '-ac', '2'] : []),
    ...(sound === 'opus' ? ['-c:a', 'libopus', '-b:a', '96k', '-ac', '2'] : []),
    ...extra, ...args,
  ]);
}

// A plain MP4 for cameras that read files.
export const plainFilm = ({ rate = 30, seconds = 4, size = '640x360' } = {}) =>
  made('mp4', ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`, '-t', String(seconds),
    '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-threads', '1']);

// One JPEG per picture, as bytes.
export async function jpegs({ count = 30, size = '640x360', rate = 30 } = {}) {
  const path = await made('mjpeg', ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`, '-frames:v', String(count),
    '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-q:v', '5', '-f', 'mjpeg']);
  const all = readFileSync(path);
  const pictures = [];
  for (let from = 0; from < all.length; ) {
    const end = all.indexOf(Buffer.from([0xff, 0xd9]), from) + 2;
    pictures.push(all.subarray(from, end));
    from = end;
  }
  return pictures;
}

export const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

// Runs `use` with the path of a file that holds `bytes`.
export async function asFile(bytes, extension, use) {
  const place = await mkdtemp(join(tmpdir(), 'butai-media-'));
  try {
    const path = join(place, `file.${extension}`);
    await writeFile(path, bytes);
    return await use(path);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

// MD5 of each decoded picture or copied packet, in order, without its times.
async function md5s(input, args) {
  const { stdout } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-i', input, ...args, '-f', 'framemd5', '-'], { timeout: 120_000 });
  return stdout
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split(',')[5].trim());
}
export const pictureHashes = (input) => md5s(input, ['-map', '0:v:0', '-fps_mode', 'passthrough', '-threads', '1']);
export const soundHashes = (input, args = []) => md5s(input, ['-map', '0:a:0', '-c', 'copy', ...args]);

export async function probe(input, args = []) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_streams', '-show_format', ...args, input]);
  return JSON.parse(stdout);
}

// ./dev bench ladder: what the ladder's worker costs, beside one ffmpeg command line that makes the same
// renditions of the same film with the same settings.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../tests/harness/process.mjs';
import { Server } from '../tests/harness/server.mjs';
import { publishToken } from '../tests/harness/token.mjs';
import { until } from '../tests/harness/wait.mjs';
import { folder, how, options, ratios, rounds, table } from './_lab.mjs';
import { keep, machine, verdicts, writeSection } from './_results.mjs';

const kLadder = [{ name: '480p', height: 480, bitrate: 900_000 }, { name: '240p', height: 240, bitrate: 400_000 }];
const kSound = 64_000;

const film = join(folder(), 'film.flv');
spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', '20',
  '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '3M', '-maxrate', '3M', '-bufsize', '3M', '-g', '60', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '128k', '-ac', '2', film], { stdio: 'inherit' });

const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

// CPU-seconds for each second of the film.
async function cost(pid) {
  await new Promise((done) => setTimeout(done, 2000)); // codecs are opened
  const from = { cpu: cpuSeconds(pid), at: performance.now() };
  await new Promise((done) => setTimeout(done, options.seconds * 1000));
  return { server_cores: (cpuSeconds(pid) - from.cpu) / ((performance.now() - from.at) / 1000), void: [] };
}

async function butai() {
  const renditions = kLadder.map(({ name, height, bitrate }) => `[[rendition]]\nname = "${name}"\nsize = "${Math.round((height * 16) / 9 / 2) * 2}x${height}"\nbitrate = ${bitrate}\n`).join('');
  const server = await Server.start({ config: `${renditions}[[rendition]]\nname = "sound"\naudio = ${kSound}\n[channels]\nladder = "default"\n` });
  const camera = new Child('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', film, '-c', 'copy', '-f', 'flv', `rtmp://127.0.0.1:${server.ports.rtmp}/live/main?token=${publishToken()}`]);
  try {
    const worker = await until('the ladder\'s worker', async () => {
      const all = await server.workers();
      return all.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('ladder'));
    });
    await until('its renditions', async () => (await server.get('/live/main/index.m3u8', { token: publishToken() })).text.includes('240p'));
    const got = await cost(worker);
    if (/too slow/.test(server.log)) got.void.push('the machine was too slow for every rendition');
    return got;
  } finally {
    await camera.stop('SIGKILL');
    await server.stop();
  }
}

// src/worker/ffmpeg/video_encoder.cc, as options of a command line.
const encoder = ({ bitrate }) => ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high', '-crf', '23', '-maxrate', String(bitrate), '-bufsize', String(bitrate),
  '-bf', '0', '-x264-params', 'scenecut=0:open-gop=0', '-force_key_frames', 'expr:gte(t,n_forced*2)'];

async function ffmpeg() {
  const [large, small] = kLadder;
  const child = new Child('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', film,
    '-filter_complex', `[0:v]scale=-2:${large.height}:flags=bilinear,split[a][b];[b]scale=-2:${small.height}:flags=bilinear[c]`,
    '-map', '[a]', ...encoder(large), '-threads', '2', '-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov', join(folder(), 'a.mp4'),
    '-map', '[c]', ...encoder(small), '-threads', '1', '-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov', join(folder(), 'c.mp4'),
    '-map', '0:a', '-c:a', 'aac', '-b:a', String(kSound), '-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov', join(folder(), 'b.mp4')]);
  try {
    return await cost(child.pid);
  } finally {
    await child.stop('SIGKILL');
  }
}

const figures = await rounds({ butai, ffmpeg });
const verdict = verdicts([{ what: 'the ladder\'s CPU against one ffmpeg command line', must: 1.05, got: ratios(figures.butai, figures.ffmpeg, (s) => s.server_cores) }]);
keep('ladder', figures);
writeSection('The ladder', `720p at 30 pictures a second into 480p, 240p and sound alone: the same scaler and the same settings of x264 and AAC in both; ffmpeg writes files. ${how()}
${machine()}

${table(['butai', 'ffmpeg'], figures, { cores: (s) => s.server_cores })}

${verdict}`);

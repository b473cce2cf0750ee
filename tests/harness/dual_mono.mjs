// Dual mono as broadcasters send it: two programmes as the two single channels of one AAC track. No encoder here
// makes it, so the blocks of two mono streams are put into one.
// Spec: ISO/IEC 14496-3 clauses 4.4.1.1 (program_config_element) and 4.4.2.1 (raw_data_block).
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { kept, made } from './media.mjs';
import { run } from './process.mjs';

export const kMainHertz = 440, kSubHertz = 1200;
const kConfig = Buffer.from('118004c80000001000', 'hex'); // AAC-LC, 48 kHz, two single channels in front

const bitsOf = (bytes) => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');

// The single_channel_element (000, tag 0000) that is all of each block but its end (111, then zeros).
async function elements(hertz, seconds) {
  const adts = readFileSync(await made('aac', ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000`, '-t', String(seconds),
    '-c:a', 'aac', '-ac', '1', '-b:a', '64k', '-flags', '+bitexact', '-f', 'adts']));
  const all = [];
  for (let at = 0; at < adts.length; ) {
    const size = ((adts[at + 3] & 3) << 11) | (adts[at + 4] << 3) | (adts[at + 5] >> 5);
    const bits = bitsOf(adts.subarray(at + 7, at + size)).replace(/1110*$/, '');
    if (!bits.startsWith('0000000')) throw new Error('no single_channel_element');
    all.push(bits);
    at += size;
  }
  return all;
}

function tag(millis, body) {
  const head = Buffer.alloc(11);
  head[0] = 8;
  head.writeUIntBE(body.length, 1, 3);
  head.writeUIntBE(millis, 4, 3);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(head.length + body.length);
  return Buffer.concat([head, body, size]);
}

// A film in FLV whose two programmes are tones.
export const dualMonoFilm = ({ seconds = 6 } = {}) =>
  kept('flv', ['dual mono', seconds], async (path) => {
    const main = await elements(kMainHertz, seconds), sub = await elements(kSubHertz, seconds);
    const tags = [Buffer.from('464c5601040000000900000000', 'hex'), tag(0, Buffer.concat([Buffer.from([0xaf, 0]), kConfig]))];
    for (let i = 0; i < Math.min(main.length, sub.length); ++i) {
      const bits = `${main[i]}0000001${sub[i].slice(7)}111`;
      const block = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g).map((byte) => parseInt(byte, 2));
      tags.push(tag(Math.floor((i * 1024) / 48), Buffer.from([0xaf, 1, ...block])));
    }
    const sound = `${path}.sound.flv`;
    await writeFile(sound, Buffer.concat(tags));
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30', '-i', sound,
      '-map', '0:v', '-map', '1:a', '-t', String(seconds), '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p',
      '-g', '60', '-bf', '0', '-threads', '1', '-c:a', 'copy', '-f', 'flv', path], { timeout: 120_000 });
    await rm(sound);
  });

// How loud a file is around one frequency, in dB. `key`: of what is encrypted.
export async function levelAt(path, hertz, key) {
  const band = `bandpass=f=${hertz}:width_type=h:width=40`;
  const { stderr } = await run('ffmpeg', ['-nostdin', '-hide_banner', ...(key ? ['-decryption_key', key] : []), '-i', path, '-map', '0:a:0', '-af', `${band},${band},volumedetect`, '-f', 'null', '-']);
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)[1]);
}

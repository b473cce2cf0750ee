// Clips that nobody chose: encoder, profile, size, rate, slices, B-frames, container and sound by a
// generator that gives the same clips for the same seed.
import { containers, film, kept, made } from './media.mjs';
import { run } from './process.mjs';

// mulberry32
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const kSizes = ['176x144', '322x182', '426x240', '640x360', '720x576', '960x540', '1024x576', '1280x720'];
const kRates = ['24', '25', '30', '30000/1001', '50'];

// Number `at` of the clips of `seed`; protection alternates, so that every other trait meets both.
export function recipe(at, seed = 1) {
  const random = generator(seed * 7919 + at);
  const one = (list) => list[Math.floor(random() * list.length)];
  const encoder = random() < 0.7 ? 'x264' : 'openh264';
  const profile = one(['baseline', 'main', 'high']);
  return {
    scheme: at % 2 ? 'cenc' : 'cbcs',
    encoder,
    profile: encoder === 'x264' ? profile : 'baseline',
    size: one(kSizes),
    rate: one(kRates),
    slices: one([1, 1, 2, 3, 5, 8]),
    bframes: encoder === 'x264' && profile !== 'baseline' ? one([0, 0, 1, 2, 3]) : 0,
    refs: one([1, 2, 4]),
    cabac: profile !== 'baseline' && random() < 0.7,
    weights: one([0, 1, 2]),
    container: one(['fmp4', 'fmp4_frames', 'flv', 'ts', 'webm']),
    sound: { rate: one([44100, 48000]), channels: one([1, 2]), bitrate: one(['32k', '96k', '160k']) },
    pattern: one(['smpte', 'ball', 'circular', 'snow']),
  };
}

export const titleOf = (r) =>
  `${r.scheme} ${r.encoder} ${r.profile} ${r.size} ${r.rate}/s ${r.slices} slices ${r.bframes} B ${r.cabac ? 'cabac' : 'cavlc'} ${r.container} ${r.sound.rate} Hz × ${r.sound.channels}`;

const kSeconds = 3;

const openh264 = ({ size, rate, slices, pattern }) => {
  const [width, height] = size.split('x');
  const [num, den = '1'] = rate.split('/');
  const arguments_ = ['-q', 'videotestsrc', `num-buffers=${Math.round((kSeconds * num) / den)}`, `pattern=${pattern}`, '!',
    `video/x-raw,format=I420,width=${width},height=${height},framerate=${num}/${den}`, '!',
    'openh264enc', `gop-size=${Math.round((2 * num) / den)}`, 'bitrate=800000', 'slice-mode=n-slices', `num-slices=${slices}`,
    'scene-change-detection=false', 'enable-frame-skip=false', '!', 'h264parse', '!', 'mp4mux', '!', 'filesink'];
  return kept('mp4', arguments_, (path) => run('gst-launch-1.0', [...arguments_, `location=${path}`], { timeout: 60_000 }));
};

// The clip's file, kept between runs.
export async function clip(r) {
  const sound = ['-ar', String(r.sound.rate), '-ac', String(r.sound.channels), '-b:a', r.sound.bitrate];
  if (r.encoder === 'x264') {
    const params = `slices=${r.slices}:ref=${r.refs}:cabac=${r.cabac ? 1 : 0}:weightp=${r.profile === 'baseline' ? 0 : r.weights}:weightb=1:8x8dct=${r.profile === 'high' ? 1 : 0}`;
    return film({ seconds: kSeconds, size: r.size, rate: r.rate, bframes: r.bframes, profile: r.profile, container: r.container, extra: ['-x264-params', params, ...sound] });
  }
  const { extension, args } = containers[r.container];
  return made(extension, ['-i', await openh264(r), '-f', 'lavfi', '-i', 'sine=frequency=440:beep_factor=4', '-t', String(kSeconds),
    '-c:v', 'copy', '-c:a', 'aac', ...sound, ...args]);
}

import { describe, expect, it } from 'vitest';
import {
  addressIn,
  Count,
  passed,
  problemsOf,
  rateOf,
  rateText,
  reportOf,
  type Found,
} from './report';

const good: Found = {
  frames: 400,
  width: 1280,
  height: 720,
  stalls: 0,
  bitrate: 3e6,
  rate: 40e6,
  heard: true,
  seen: true,
  drm: { system: 'Widevine', level: 'software' },
  trouble: null,
  clockOffsetMs: 120,
};

describe('a test', () => {
  it('is passed when picture and sound run', () => {
    expect(problemsOf(good)).toEqual([]);
    expect(reportOf(good, 'pf_1', 'Chrome on Windows')).toMatchObject({
      performance: 'pf_1',
      device: 'Chrome on Windows',
      picture: true,
      sound: true,
      bandwidth_kbps: 40_000,
      passed: true,
    });
  });

  it('is not passed without picture or without sound, whatever the numbers say', () => {
    expect(problemsOf({ ...good, frames: 3 })).toEqual(['no-picture']);
    expect(problemsOf({ ...good, seen: false })).toEqual(['no-picture']);
    expect(problemsOf({ ...good, heard: false })).toEqual(['no-sound']);
    expect(passed(['no-sound'])).toBe(false);
  });

  it('calls a line slow only when the picture stood still for it', () => {
    expect(problemsOf({ ...good, rate: 3.2e6 })).toEqual([]);
    expect(problemsOf({ ...good, rate: 3.2e6, stalls: 2 })).toEqual(['slow-connection']);
    expect(problemsOf({ ...good, rate: 30e6, stalls: 1 })).toEqual([]);
  });

  it('tells of a wrong clock but lets it pass', () => {
    const problems = problemsOf({ ...good, clockOffsetMs: -90_000 });
    expect(problems).toEqual(['clock-off']);
    expect(passed(problems)).toBe(true);
  });
});

describe('a count', () => {
  it('goes on where its counter begins again', () => {
    const count = new Count();
    for (const now of [0, 40, 70, 5, 5, 20]) count.take(now);
    expect(count.all).toBe(90);
  });
});

describe('an address in a playlist', () => {
  const playlist =
    '#EXTM3U\r\n#EXTINF:2,\n1.m4s\n#EXTINF:2,\n/live/2.m4s\n#EXT-X-PART:URI="3.1.m4s"\n';
  const base = 'https://butai.example/t/x/live/stage/video/index.m3u8';

  it('is the first or the last that is whole, absolute', () => {
    expect(addressIn(playlist, base, 0)).toBe('https://butai.example/t/x/live/stage/video/1.m4s');
    expect(addressIn(playlist, base, -1)).toBe('https://butai.example/live/2.m4s');
  });

  it('is none where nothing is named yet', () => {
    expect(addressIn('#EXTM3U\n', base, -1)).toBeNull();
  });
});

describe('the rate', () => {
  it('is bytes over the time they took', () => {
    expect(rateOf(500_000, 100)).toBe(40e6);
    expect(rateOf(500_000, 0)).toBe(4e9);
  });

  it('is not told from a file that is too small', () => {
    expect(rateOf(900, 1)).toBeNull();
  });

  it('is said without more digits than it has', () => {
    expect(rateText(1_234_000)).toBe('1.2 Mbit/s');
    expect(rateText(45_600_000)).toBe('46 Mbit/s');
    expect(rateText(9e8)).toBe('100+ Mbit/s');
  });
});

import { describe, expect, it } from 'vitest';
import { choosePlayer } from './choose';
import { mimeOf } from './mime';

const computer = { mediaSource: true, nativeHls: false, fairPlay: false };
const iphone = { mediaSource: false, nativeHls: true, fairPlay: true };
const mac = { mediaSource: true, nativeHls: true, fairPlay: true };

describe('choosePlayer', () => {
  it('follows the latency of the channel', () => {
    expect(choosePlayer(null, { latency: 'realtime', kind: 'video' }, computer)).toBe('ws');
    expect(choosePlayer(null, { latency: 'realtime', kind: 'jpeg' }, computer)).toBe('jpeg');
    expect(choosePlayer(null, { latency: 'low', kind: 'video' }, computer)).toBe('hls');
    expect(choosePlayer(null, { latency: 'stable', kind: 'jpeg' }, computer)).toBe('hls');
  });

  it('gives an iPhone without Media Source Extensions its own HLS', () => {
    expect(choosePlayer(null, { latency: 'low', kind: 'video' }, iphone)).toBe('native');
    expect(choosePlayer(null, { latency: 'realtime', kind: 'video' }, iphone)).toBe('native');
    expect(choosePlayer(null, { latency: 'realtime', kind: 'jpeg' }, iphone)).toBe('jpeg');
  });

  it('leaves licenses to a player that knows them', () => {
    const show = { latency: 'realtime', kind: 'video', protection: 'cbcs' } as const;
    expect(choosePlayer(null, show, computer)).toBe('ws');
    expect(choosePlayer(null, { ...show, latency: 'stable' }, computer)).toBe('dash');
    expect(choosePlayer(null, show, mac)).toBe('native');
    expect(choosePlayer(null, show, iphone)).toBe('native');
  });

  it('obeys a wish, and ignores one it does not know', () => {
    expect(choosePlayer('dash', { latency: 'realtime', kind: 'video' }, computer)).toBe('dash');
    expect(choosePlayer('flash', { latency: 'low', kind: 'video' }, computer)).toBe('hls');
  });
});

describe('mimeOf', () => {
  const joint = 'video/mp4; codecs="avc1.64001f,mp4a.40.2"';

  it('gives each track its own codecs', () => {
    expect(mimeOf(joint, 'video')).toBe('video/mp4; codecs="avc1.64001f"');
    expect(mimeOf(joint, 'audio')).toBe('audio/mp4; codecs="mp4a.40.2"');
  });

  it('has nothing for a kind that is not there', () => {
    expect(mimeOf('video/mp4; codecs="avc1.64001f"', 'audio')).toBeNull();
    expect(mimeOf('video/mp4', 'video')).toBeNull();
  });
});

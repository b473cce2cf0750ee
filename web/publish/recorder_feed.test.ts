import { describe, expect, it } from 'vitest';
import { meterShare } from './level';
import { recorderType } from './recorder_feed';

const only =
  (...types: string[]) =>
  (type: string) =>
    types.includes(type);

describe('recorderType', () => {
  it('takes H.264 in WebM where a browser has it, as its pieces come frame by frame', () => {
    const chromium = only(
      'video/mp4;codecs=avc1.64002a,opus',
      'video/webm;codecs=h264,opus',
      'video/webm;codecs=vp8,opus',
    );
    expect(recorderType(true, chromium)).toBe('video/webm;codecs=h264,opus');
  });

  it('takes MP4 with AAC from Safari', () => {
    expect(recorderType(true, only('video/mp4;codecs=avc1.42002a,mp4a.40.2', 'video/mp4'))).toBe(
      'video/mp4;codecs=avc1.42002a,mp4a.40.2',
    );
  });

  it('takes VP8 from Firefox, without a sound codec when there is no sound', () => {
    const firefox = only('video/webm;codecs=vp8,opus', 'video/webm;codecs=vp8');
    expect(recorderType(true, firefox)).toBe('video/webm;codecs=vp8,opus');
    expect(recorderType(false, firefox)).toBe('video/webm;codecs=vp8');
  });

  it('has nothing for a browser that records nothing', () => {
    expect(recorderType(true, () => false)).toBeNull();
  });
});

describe('meterShare', () => {
  it('runs from -60 dB to full scale', () => {
    expect(meterShare(Float32Array.of(0, 0))).toBe(0);
    expect(meterShare(Float32Array.of(0, -1))).toBe(1);
    expect(meterShare(Float32Array.of(0.001))).toBeCloseTo(0);
    expect(meterShare(Float32Array.of(0.0316))).toBeCloseTo(0.5, 2);
  });
});

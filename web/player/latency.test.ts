import { describe, expect, it } from 'vitest';
import { Bitrate, CaptureTimes, MedianWindow } from './latency';

describe('CaptureTimes', () => {
  it('tells the age of the picture that is shown, not of the last received', () => {
    const times = new CaptureTimes();
    times.add(100, 99.9);
    times.add(101, 100.7);
    times.add(102, 101.9);
    expect(times.at(101.5)).toBeCloseTo(101.2);
    expect(times.at(100)).toBeCloseTo(99.9);
  });

  it('takes media time for capture time when nobody told', () => {
    expect(new CaptureTimes().at(42)).toBe(42);
  });

  it('forgets what lies after a time line that went back', () => {
    const times = new CaptureTimes();
    times.add(100, 99);
    times.add(110, 109);
    times.add(105, 103);
    expect(times.at(111)).toBeCloseTo(109);
    expect(times.at(100)).toBeCloseTo(99);
  });

  it('stays small over hours', () => {
    const times = new CaptureTimes();
    for (let i = 0; i < 100_000; i++) times.add(i, i - 0.5);
    expect(times.at(99_999)).toBeCloseTo(99_998.5);
  });
});

describe('MedianWindow', () => {
  it('is the middle of the newest values', () => {
    const window = new MedianWindow(3);
    expect(window.median()).toBeNull();
    for (const value of [100, 1, 2, 3]) window.add(value);
    expect(window.median()).toBe(2);
  });
});

describe('Bitrate', () => {
  it('counts the last five seconds', () => {
    const rate = new Bitrate();
    for (let at = 0; at <= 10_000; at += 100) rate.add(at, 1250);
    expect(rate.bitsPerSecond(10_000)).toBeGreaterThan(98_000);
    expect(rate.bitsPerSecond(10_000)).toBeLessThan(103_000);
    expect(rate.bitsPerSecond(20_000)).toBe(0);
  });
});

// What a test playback found, from numbers and the viewer's own word: pure. The page says it in words, the
// server keeps it with the account.

import type { KeyTrouble } from '../player/player';
import type { TestReport } from '../server/sale';

export interface Found {
  frames: number; // decoded
  width: number;
  height: number;
  stalls: number;
  bitrate: number; // bits per second that the picture needs
  rate: number | null; // bits per second that the line brought
  heard: boolean; // the viewer says so
  seen: boolean;
  drm: { system: string; level: Level } | null;
  trouble: KeyTrouble | null; // why nothing was unlocked
  clockOffsetMs: number; // server minus device
}
export type Level = 'hardware' | 'software' | 'unknown';
export type Problem = 'no-picture' | 'no-sound' | 'slow-connection' | 'clock-off';

const kFramesMin = 30; // a second or so of picture
const kHeadroom = 1.3; // what a steady picture wants above its own rate
const kClockOffMaxMs = 30_000; // half of what tokens and licenses forgive

export function problemsOf(found: Found): Problem[] {
  const problems: Problem[] = [];
  if (!found.seen || found.frames < kFramesMin) problems.push('no-picture');
  if (!found.heard) problems.push('no-sound');
  const slow = found.rate !== null && found.rate < found.bitrate * kHeadroom;
  if (found.stalls > 0 && (slow || found.rate === null)) problems.push('slow-connection');
  if (Math.abs(found.clockOffsetMs) > kClockOffMaxMs) problems.push('clock-off');
  return problems;
}

// A wrong clock is told, but nothing that plays is refused for it.
export const passed = (problems: Problem[]): boolean =>
  problems.every((problem) => problem === 'clock-off');

export function reportOf(found: Found, performance: string, device: string): TestReport {
  const problems = problemsOf(found);
  return {
    performance,
    device,
    picture: !problems.includes('no-picture'),
    sound: found.heard,
    drm: found.drm,
    bandwidth_kbps: Math.round((found.rate ?? 0) / 1000),
    clock_offset_ms: found.clockOffsetMs,
    passed: passed(problems),
    problems,
  };
}

// Bits per second of one whole file; null when it is too small to tell about the width of the way.
const kBytesMin = 20_000;

export const rateOf = (bytes: number, ms: number): number | null =>
  bytes < kBytesMin ? null : (bytes * 8000) / Math.max(1, ms);

// All that was counted, by a counter that begins again now and then, as WebKit's of pictures does.
export class Count {
  all = 0;
  private last = 0;

  take(now: number): void {
    this.all += now < this.last ? now : now - this.last;
    this.last = now;
  }
}

// The first (0) or last (-1) address in a playlist, absolute.
export function addressIn(playlist: string, base: string, at: 0 | -1): string | null {
  const line = playlist
    .split(/\r?\n/)
    .filter((one) => one && !one.startsWith('#'))
    .at(at);
  return line ? new URL(line, base).href : null;
}

export function rateText(bitsPerSecond: number): string {
  const megabits = bitsPerSecond / 1e6;
  if (megabits >= 100) return '100+ Mbit/s';
  return `${megabits.toFixed(megabits < 10 ? 1 : 0)} Mbit/s`;
}

// What the viewer wants of the line: the best that it bears, little of it, or sound alone. Pure.

import type { RenditionInfo } from '../server/plays';

export type Quality = 'auto' | 'data' | 'sound';
export const kQualities: Quality[] = ['auto', 'data', 'sound'];

export const kDataHeight = 480; // lines of picture, at most, when data is to be saved

// What was chosen last time; else what the browser was told about data.
export function firstQuality(kept: string | null, saveData: boolean): Quality {
  return kQualities.find((quality) => quality === kept) ?? (saveData ? 'data' : 'auto');
}

// The best rendition that this wish allows; null when the channel has nothing fitting.
export function bestFor(quality: Quality, renditions: RenditionInfo[]): RenditionInfo | null {
  const pictures = renditions.filter(({ kind }) => kind === 'picture');
  const sounds = renditions.filter(({ kind }) => kind === 'sound');
  const highest = (list: RenditionInfo[]) =>
    list.reduce<RenditionInfo | null>((a, b) => (a && a.height >= b.height ? a : b), null);
  if (quality === 'auto') return highest(pictures);
  if (quality === 'data') {
    return highest(pictures.filter(({ height }) => height <= kDataHeight));
  }
  return sounds.reduce<RenditionInfo | null>((a, b) => (a && a.bitrate <= b.bitrate ? a : b), null);
}

// With its sound, in an hour; null when it is not known yet.
export function gigabytesPerHour(quality: Quality, renditions: RenditionInfo[]): number | null {
  const best = bestFor(quality, renditions);
  if (!best) return null;
  const sound = best.kind === 'picture' ? renditions.find(({ kind }) => kind === 'sound') : null;
  return ((best.bitrate + (sound?.bitrate ?? 0)) * 3600) / 8 / 1e9;
}

// Until the end of the show; null when nobody knows it, or it is over.
export function hoursLeft(end: string | null, now: number): number | null {
  const hours = end ? (Date.parse(end) - now) / 3_600_000 : 0;
  return hours > 0 ? hours : null;
}

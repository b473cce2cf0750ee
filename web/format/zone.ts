// Times as people read them: in the event's zone by name, and the viewer's beside it when it differs.
// Instants are milliseconds of UTC; zones are names of the IANA database.

import type { Language } from '../texts/texts';

const kDayMs = 86_400_000;
const kTag: Record<Language, string> = { en: 'en-GB', ja: 'ja-JP' };

export const viewersZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

// What a clock on the wall there shows, as if it were UTC.
export function wallMs(zone: string, instant: number): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

// The instant at which that clock shows `wall`; null where it jumps over it. Of two, the first.
export function instantAt(zone: string, wall: number): number | null {
  const offsets = [-kDayMs, kDayMs].map((away) => wallMs(zone, wall + away) - (wall + away));
  const found = offsets
    .map((offset) => wall - offset)
    .filter((instant) => wallMs(zone, instant) === wall);
  return found.length > 0 ? Math.min(...found) : null;
}

export function isZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

// "Japan Standard Time", 日本標準時
export function zoneName(zone: string, instant: number, language: Language): string {
  const format = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: 'long' });
  const part = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName');
  return part?.value ?? zone;
}

export function dateText(zone: string, instant: number, language: Language): string {
  return new Date(instant).toLocaleDateString(kTag[language], {
    timeZone: zone,
    year: 'numeric',
    month: language === 'ja' ? 'long' : 'short',
    day: 'numeric',
    weekday: 'short',
  });
}

export function timeText(zone: string, instant: number, language: Language): string {
  return new Date(instant).toLocaleTimeString(kTag[language], {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

export function momentText(zone: string, instant: number, language: Language): string {
  return `${dateText(zone, instant, language)} ${timeText(zone, instant, language)}`;
}

// The same moment on the viewer's own clock, or null when that shows the same.
export function viewersText(
  zone: string,
  instant: number,
  language: Language,
  viewer = viewersZone(),
): string | null {
  const there = wallMs(zone, instant);
  const here = wallMs(viewer, instant);
  if (there === here) return null;
  const sameDay = Math.floor(there / kDayMs) === Math.floor(here / kDayMs);
  const text = sameDay
    ? timeText(viewer, instant, language)
    : momentText(viewer, instant, language);
  return `${text} ${zoneName(viewer, instant, language)}`;
}

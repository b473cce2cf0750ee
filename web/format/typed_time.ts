// Times as producers type them: a day and 25:30, which is half past one in the night after it.

import { instantAt, wallMs } from './zone';

const kMinuteMs = 60_000;
const kDayMinutes = 24 * 60;
const kHoursMax = 48;

// Minutes after the day's midnight; null when it is no time. Full-width digits are fine.
export function typedMinutes(text: string): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(text.normalize('NFKC').trim());
  if (!found) return null;
  const [hours, minutes] = [Number(found[1]), Number(found[2])];
  return hours < kHoursMax && minutes < 60 ? hours * 60 + minutes : null;
}

// `day` is YYYY-MM-DD. Null when either is none, or when clocks there jump over it.
export function typedInstant(day: string, time: string, zone: string): number | null {
  const midnight = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
  const minutes = typedMinutes(time);
  if (Number.isNaN(midnight) || minutes === null) return null;
  return instantAt(zone, midnight + minutes * kMinuteMs);
}

export function dayOf(instant: number, zone: string): string {
  return new Date(wallMs(zone, instant)).toISOString().slice(0, 10);
}

// How a producer would type that instant on that day: 25:30 when it is in the night after.
export function typedTime(instant: number, day: string, zone: string): string {
  const minutes = Math.floor((wallMs(zone, instant) - Date.parse(`${day}T00:00:00Z`)) / kMinuteMs);
  const whole = minutes < 0 ? minutes + kDayMinutes : minutes;
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

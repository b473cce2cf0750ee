// How long until: pure, in the words of a page and of a screen reader.

import type { Language } from '../texts/texts';

export interface Countdown {
  days: number;
  hours: number;
  minutes: number;
  seconds: number;
}

export function countdown(leftMs: number): Countdown {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return {
    days: Math.floor(seconds / 86_400),
    hours: Math.floor(seconds / 3600) % 24,
    minutes: Math.floor(seconds / 60) % 60,
    seconds: seconds % 60,
  };
}

// What is read out, so that it changes once a minute and not every second: "2 days 3 hours".
export function countdownSpoken(leftMs: number, language: Language): string {
  const { days, hours, minutes } = countdown(Math.ceil(leftMs / 60_000) * 60_000);
  const units: [number, string, string, string][] = [
    [days, 'day', 'days', '日'],
    [hours, 'hour', 'hours', '時間'],
    [minutes, 'minute', 'minutes', '分'],
  ];
  const said = units.filter(([n]) => n > 0).slice(0, 2);
  if (language === 'ja') return said.map(([n, , , ja]) => `${n}${ja}`).join('');
  return said.map(([n, one, many]) => `${n} ${n === 1 ? one : many}`).join(' ');
}

// 4:05 of a hold that runs out.
export function clockText(leftMs: number): string {
  const { days, hours, minutes, seconds } = countdown(leftMs);
  const whole = (days * 24 + hours) * 60 + minutes;
  return `${whole}:${String(seconds).padStart(2, '0')}`;
}

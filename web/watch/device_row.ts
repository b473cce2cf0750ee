// A row of docs/device-matrix.md: what this device made of a channel. Pure.

import type { State, Stats } from '../player/player';

export interface Tried {
  day: string; // 2026-12-24
  userAgent: string;
  stats: Stats;
  protection: { system: string; level: string } | null;
  firstFrameMs: number | null; // null: none came
}

const kSystems: [RegExp, string][] = [
  [/CrKey/, 'Chromecast'],
  [/iPhone OS ([\d_]+)/, 'iOS'],
  [/iPad.*OS ([\d_]+)/, 'iPadOS'],
  [/Android ([\d.]+)/, 'Android'],
  [/Windows NT ([\d.]+)/, 'Windows'],
  [/Mac OS X ([\d_.]+)/, 'macOS'],
  [/Tizen ([\d.]+)/, 'Tizen'],
  [/Web0S|webOS/, 'webOS'],
  [/Linux/, 'Linux'],
];
const kBrowsers: [RegExp, string][] = [
  [/Edg(?:A|iOS)?\/([\d]+)/, 'Edge'],
  [/FxiOS\/([\d]+)|Firefox\/([\d]+)/, 'Firefox'],
  [/CriOS\/([\d]+)|Chrome\/([\d]+)/, 'Chrome'],
  [/Version\/([\d.]+).*Safari/, 'Safari'],
];

function first(list: [RegExp, string][], text: string): string {
  for (const [pattern, name] of list) {
    const found = pattern.exec(text);
    if (!found) continue;
    const version = found.slice(1).find((part) => part !== undefined);
    return version ? `${name} ${version.replaceAll('_', '.')}` : name;
  }
  return '?';
}

export const systemOf = (userAgent: string): string => first(kSystems, userAgent);
export const browserOf = (userAgent: string): string => first(kBrowsers, userAgent);
// Android names the model before "Build" or the closing bracket; others keep it to themselves.
export function modelOf(userAgent: string): string {
  if (/iPhone/.test(userAgent)) return 'iPhone';
  if (/iPad/.test(userAgent)) return 'iPad';
  return /Android [^;]+; ([^;)]+?)(?: Build|\))/.exec(userAgent)?.[1] ?? 'computer';
}

const kWays = { ws: 'WebSocket', hls: 'HLS', dash: 'DASH', native: 'HLS (native)', jpeg: 'JPEG' };
const kFailures = new Set<State>([
  'locked',
  'unlicensed',
  'screen',
  'refused',
  'token',
  'unsupported',
  'missing',
]);

// Whether there is something to write down yet.
export const settled = (stats: Stats): boolean =>
  kFailures.has(stats.state) || (stats.state === 'playing' && stats.currentTime > 5);

// As the server takes it, in the order of the table.
export interface DeviceRow {
  day: string;
  device: string;
  system: string;
  browser: string;
  keys: string;
  way: string;
  first_picture: string;
  result: string;
}

export function deviceRow({ day, userAgent, stats, protection, firstFrameMs }: Tried): DeviceRow {
  return {
    day,
    device: modelOf(userAgent),
    system: systemOf(userAgent),
    browser: browserOf(userAgent),
    keys: protection ? `${protection.system}, ${protection.level}` : 'none',
    way: kWays[stats.player],
    first_picture: firstFrameMs === null ? '–' : `${firstFrameMs} ms`,
    result: kFailures.has(stats.state) ? stats.state : stats.gaps > 0 ? `${stats.gaps} gaps` : 'ok',
  };
}

export const textOfRow = (row: DeviceRow): string =>
  `| ${Object.values(row)
    .map((cell: string) => cell.replaceAll('|', '/'))
    .join(' | ')} |`;

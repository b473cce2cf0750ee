// How loud a programme is beside what it should be. Pure.
// Spec: ITU-R BS.1770 (LKFS = LUFS); targets: ARIB TR-B32 in Japan, EBU R 128 elsewhere.

import type { Loudness } from '../server/plays';
import type { Language } from '../texts/texts';

const kFloor = -60;
const kNear = 2; // units from the target that nobody corrects

export interface Shown {
  unit: 'LKFS' | 'LUFS';
  target: number;
  now: number | null; // of the last three seconds; null: silence
  whole: number | null; // since the sound began
  share: number; // of the bar, 0 to 1
  targetShare: number;
  place: 'silent' | 'low' | 'good' | 'high'; // the whole beside the target
}

export const kLoudnessRange = { least: kFloor, most: 0 };

const shareOf = (value: number) => Math.max(0, Math.min(1, 1 - value / kFloor));

export function shownLoudness(loudness: Loudness, language: Language): Shown {
  const target = language === 'ja' ? loudness.target_japan : loudness.target;
  const { short_term: now, integrated: whole } = loudness;
  const judged = whole ?? now;
  const off = judged === null ? 0 : judged - target;
  return {
    unit: language === 'ja' ? 'LKFS' : 'LUFS',
    target,
    now,
    whole,
    share: now === null ? 0 : shareOf(now),
    targetShare: shareOf(target),
    place: judged === null ? 'silent' : off > kNear ? 'high' : off < -kNear ? 'low' : 'good',
  };
}

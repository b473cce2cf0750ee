// The viewer's sound as state: which of two is heard, remembered.

import type { RefObject } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { keptSound, otherSound, type Heard, type SoundTrack } from '../player/sounds';
import { keep, kept } from './kept';
import type { Show } from './show';

const kSoundKey = 'butai.sound';

export interface SoundChoice {
  tracks: SoundTrack[]; // two, or none where there is nothing to choose
  heard: Heard;
  choose(sound: Heard): void;
  next(): void;
}

export function useSounds(show: RefObject<Show | null>, tracks: SoundTrack[]): SoundChoice {
  const [heard, setHeard] = useState(() => keptSound(kept(kSoundKey)));
  useEffect(() => show.current?.setSound(heard), [heard]);
  const choose = useCallback((sound: Heard) => {
    setHeard(sound);
    keep(kSoundKey, sound);
  }, []);
  const next = useCallback(() => {
    if (tracks.length > 1) choose(otherSound(heard));
  }, [heard, tracks]);
  return { tracks, heard, choose, next };
}

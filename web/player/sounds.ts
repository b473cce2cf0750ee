// Which of a channel's two sounds is heard. Pure.

import { captionName } from './captions';

export type Heard = 'first' | 'second';
export const kSecondName = 'audio-2'; // as the server calls it

export interface SoundTrack {
  id: Heard;
  language: string; // empty: nobody said
}

export const keptSound = (kept: string | null): Heard => (kept === 'second' ? 'second' : 'first');

export const otherSound = (heard: Heard): Heard => (heard === 'first' ? 'second' : 'first');

// By their languages where these tell them apart, else by their place: `words`.
export function soundName(
  track: SoundTrack,
  all: SoundTrack[],
  inLanguage: string,
  words: Record<Heard, string>,
): string {
  const apart = all.every(
    ({ id, language }) => language && (id === track.id || language !== track.language),
  );
  return apart
    ? captionName({ id: track.language, language: track.language }, inLanguage)
    : words[track.id];
}

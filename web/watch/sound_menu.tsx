// Which of two sounds is heard.

import { soundName, type Heard } from '../player/sounds';
import { useTexts } from '../texts/language';
import type { SoundChoice } from './use_sounds';

export function SoundMenu({ tracks, heard, choose }: SoundChoice) {
  const { texts, language } = useTexts();
  const words = texts.watch;
  return (
    <select
      class="control quality"
      aria-label={words.sound}
      value={heard}
      onChange={(event) => choose(event.currentTarget.value as Heard)}
    >
      {tracks.map((track) => (
        <option key={track.id} value={track.id}>
          {soundName(track, tracks, language, words.sounds)}
        </option>
      ))}
    </select>
  );
}

// Which of two sounds is heard.

import { soundName } from '../player/sounds';
import { useTexts } from '../texts/language';
import { Menu } from './menu';
import type { SoundChoice } from './use_sounds';

export function SoundMenu({ tracks, heard, choose }: SoundChoice) {
  const { texts, language } = useTexts();
  const words = texts.watch;
  const choices = tracks.map((track) => ({
    value: track.id,
    words: soundName(track, tracks, language, words.sounds),
  }));
  return <Menu label={words.sound} value={heard} choices={choices} choose={choose} />;
}

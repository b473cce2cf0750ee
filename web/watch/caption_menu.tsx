// Which captions are shown, and how large.

import { captionName, kCaptionSizes } from '../player/captions';
import { useTexts } from '../texts/language';
import { Menu } from './menu';
import type { CaptionChoice } from './use_captions';

export function CaptionMenu({ tracks, shown, size, choose, chooseSize }: CaptionChoice) {
  const { texts, language } = useTexts();
  const words = texts.watch;
  const captions = tracks.map((track) => ({
    value: track.id,
    words: captionName(track, language),
  }));
  const sizes = kCaptionSizes.map((each) => ({ value: each, words: words.captionSizes[each] }));
  return (
    <>
      <Menu
        label={words.captions}
        value={shown ?? ''}
        choices={[{ value: '', words: words.noCaptions }, ...captions]}
        choose={(id) => choose(id || null)}
      />
      {shown !== null && (
        <Menu label={words.captionSize} value={size} choices={sizes} choose={chooseSize} />
      )}
    </>
  );
}

// Which captions are shown, and how large.

import { captionName, kCaptionSizes, type CaptionSize } from '../player/captions';
import { useTexts } from '../texts/language';
import type { CaptionChoice } from './use_captions';

export function CaptionMenu({ tracks, shown, size, choose, chooseSize }: CaptionChoice) {
  const { texts, language } = useTexts();
  const words = texts.watch;
  return (
    <>
      <select
        class="control quality"
        aria-label={words.captions}
        value={shown ?? ''}
        onChange={(event) => choose(event.currentTarget.value || null)}
      >
        <option value="">{words.noCaptions}</option>
        {tracks.map((track) => (
          <option key={track.id} value={track.id}>
            {captionName(track, language)}
          </option>
        ))}
      </select>
      {shown !== null && (
        <select
          class="control quality"
          aria-label={words.captionSize}
          value={size}
          onChange={(event) => chooseSize(event.currentTarget.value as CaptionSize)}
        >
          {kCaptionSizes.map((each) => (
            <option key={each} value={each}>
              {words.captionSizes[each]}
            </option>
          ))}
        </select>
      )}
    </>
  );
}

// The loudness of what the server hears, with its target.

import type { Loudness } from '../server/plays';
import { useTexts } from '../texts/language';
import { kLoudnessRange, shownLoudness } from './loudness';

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
const figure = (value: number) => value.toFixed(1).replace('-', '−');

export function LoudnessBar({ loudness }: { loudness: Loudness }) {
  const { texts, language } = useTexts();
  const words = texts.publish.loudness;
  const shown = shownLoudness(loudness, language);
  const said =
    shown.now === null
      ? words.places.silent
      : `${figure(shown.now)} ${shown.unit} · ${words.places[shown.place]}`;
  return (
    <div class="loudness">
      <p>
        <span>{words.name}</span> <b>{said}</b>
      </p>
      <div
        class="loudness-bar"
        role="meter"
        aria-label={words.name}
        aria-valuemin={kLoudnessRange.least}
        aria-valuemax={kLoudnessRange.most}
        aria-valuenow={shown.now ?? kLoudnessRange.least}
        aria-valuetext={said}
      >
        <div
          class={`loudness-now loudness-${shown.place}`}
          style={{ width: percent(shown.share) }}
        />
        <div class="loudness-target" style={{ left: percent(shown.targetShare) }} />
      </div>
      <p>
        {words.target(`${figure(shown.target)} ${shown.unit}`)}
        {shown.whole !== null && ` · ${words.whole(`${figure(shown.whole)} ${shown.unit}`)}`}
      </p>
    </div>
  );
}

// What there is to read beside the sound, and how large. Pure.

export interface CaptionTrack {
  id: string; // a language tag, or the channel inside the picture: "CC1"
  language: string; // empty: nobody said
}

export type CaptionSize = 'small' | 'medium' | 'large';
export const kCaptionSizes: CaptionSize[] = ['small', 'medium', 'large'];

export const captionSize = (kept: string | null): CaptionSize =>
  kCaptionSizes.find((size) => size === kept) ?? 'medium';

export const nextSize = (size: CaptionSize): CaptionSize =>
  kCaptionSizes[(kCaptionSizes.indexOf(size) + 1) % kCaptionSizes.length]!;

// None, then each in turn.
export function nextCaptions(shown: string | null, tracks: CaptionTrack[]): string | null {
  const ids = [null, ...tracks.map(({ id }) => id)];
  return ids[(ids.indexOf(shown) + 1) % ids.length]!;
}

// What was chosen last time, as soon as it is there.
export const shownCaptions = (wish: string | null, tracks: CaptionTrack[]): string | null =>
  tracks.some(({ id }) => id === wish) ? wish : null;

export function captionName({ id, language }: CaptionTrack, inLanguage: string): string {
  let name = language;
  try {
    name =
      (language && new Intl.DisplayNames([inLanguage], { type: 'language' }).of(language)) || '';
  } catch {
    // not a tag that the browser knows
  }
  if (!name) return id;
  return id === language ? name : `${name} (${id})`;
}

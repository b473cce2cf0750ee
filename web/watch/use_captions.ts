// The viewer's captions as state: which are shown, how large, and both remembered.

import type { RefObject } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import {
  captionSize,
  nextCaptions,
  nextSize,
  shownCaptions,
  type CaptionSize,
  type CaptionTrack,
} from '../player/captions';
import { keep, kept } from './kept';
import type { Show } from './show';

const kCaptionsKey = 'butai.captions';
const kSizeKey = 'butai.caption_size';

export interface CaptionChoice {
  tracks: CaptionTrack[];
  shown: string | null;
  size: CaptionSize;
  choose(id: string | null): void;
  chooseSize(size: CaptionSize): void;
  next(): void;
  nextSize(): void;
}

export function useCaptions(show: RefObject<Show | null>, tracks: CaptionTrack[]): CaptionChoice {
  const [wish, setWish] = useState(() => kept(kCaptionsKey));
  const [size, setSize] = useState(() => captionSize(kept(kSizeKey)));
  useEffect(() => show.current?.setCaptions(wish), [wish]);
  const choose = useCallback((id: string | null) => {
    setWish(id);
    keep(kCaptionsKey, id);
  }, []);
  const chooseSize = useCallback((chosen: CaptionSize) => {
    setSize(chosen);
    keep(kSizeKey, chosen);
  }, []);
  const shown = shownCaptions(wish, tracks);
  const next = useCallback(() => choose(nextCaptions(shown, tracks)), [shown, tracks]);
  const larger = useCallback(() => chooseSize(nextSize(size)), [size]);
  return { tracks, shown, size, choose, chooseSize, next, nextSize: larger };
}

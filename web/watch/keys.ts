// The page's keys. Left alone while the viewer types or holds a modifier.

import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

interface Actions {
  togglePlay(): void;
  toggleMute(): void;
  toggleFull(): void;
  togglePanel(): void;
  toLive(): void;
  nextQuality(): void;
  nextCaptions(): void;
  nextSize(): void;
  nextSound(): void;
  wake(): void;
  video: RefObject<HTMLVideoElement | null>;
}

export function useKeys(actions: Actions): void {
  const { togglePlay, toggleMute, toggleFull, togglePanel, toLive, wake, video } = actions;
  const { nextQuality, nextCaptions, nextSize, nextSound } = actions;
  useEffect(() => {
    const louder = (step: number) => {
      const element = video.current!;
      element.volume = Math.max(0, Math.min(1, element.volume + step));
      if (step > 0) element.muted = false;
    };
    const table: Record<string, () => void> = {
      ' ': togglePlay,
      k: togglePlay,
      m: toggleMute,
      f: toggleFull,
      i: togglePanel,
      l: toLive,
      q: nextQuality,
      c: nextCaptions,
      s: nextSize,
      a: nextSound,
      ArrowUp: () => louder(0.1),
      ArrowDown: () => louder(-0.1),
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, select, textarea')) return;
      if (event.key === ' ' && target.closest('button, a')) return; // it presses that
      const action = table[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!action) return;
      event.preventDefault();
      wake();
      action();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [
    togglePlay,
    toggleMute,
    toggleFull,
    togglePanel,
    toLive,
    nextQuality,
    nextCaptions,
    nextSize,
    nextSound,
    wake,
    video,
  ]);
}

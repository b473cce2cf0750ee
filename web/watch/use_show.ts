// The show of this page as state: what the page says and draws follows from it.

import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CaptionTrack } from '../player/captions';
import type { PlayerName, State, Stats } from '../player/player';
import type { SoundTrack } from '../player/sounds';
import type { Refusal } from '../server/ask';
import type { ChannelInfo } from '../server/plays';
import { Show } from './show';
import type { PlaySource } from './sources';

declare global {
  interface Window {
    butai?: { stats(): Stats };
  }
}

export interface Showing {
  show: RefObject<Show | null>;
  state: State;
  info: ChannelInfo | null;
  player: PlayerName;
  slate: boolean;
  blocked: boolean; // the browser wants a touch before it plays
  askSound: boolean;
  unreachable: boolean;
  captions: CaptionTrack[]; // what there is to read
  sounds: SoundTrack[]; // two to choose from, or none
  refusal: { what: Refusal } | null; // a new object each time, also for the same words
  heard(): void; // sound is on
}

export function useShow(
  makeSource: () => PlaySource,
  video: RefObject<HTMLVideoElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
): Showing {
  const show = useRef<Show | null>(null);
  const [state, setState] = useState<State>('connecting');
  const [info, setInfo] = useState<ChannelInfo | null>(null);
  const [player, setPlayer] = useState<PlayerName>('ws');
  const [slate, setSlate] = useState(false);
  const [blocked, setBlocked] = useState(false);
  const [askSound, setAskSound] = useState(false);
  const [unreachable, setUnreachable] = useState(false);
  const [captions, setCaptions] = useState<CaptionTrack[]>([]);
  const [sounds, setSounds] = useState<SoundTrack[]>([]);
  const [refusal, setRefusal] = useState<{ what: Refusal } | null>(null);
  useEffect(() => {
    const made = new Show(makeSource(), video.current!, canvas.current!, {
      state: setState,
      info: setInfo,
      player: setPlayer,
      slate: setSlate,
      started: (how) => {
        setBlocked(how === 'blocked');
        if (how === 'muted') setAskSound(true);
      },
      captions: setCaptions,
      sounds: setSounds,
      unreachable: setUnreachable,
      refused: (what) => setRefusal({ what }),
    });
    show.current = made;
    window.butai = Object.freeze({ stats: () => made.stats() });
    made.start();
    const leave = () => made.stop();
    const comeBack = (event: PageTransitionEvent) => {
      if (event.persisted) location.reload(); // kept by the browser, but the play has ended
    };
    addEventListener('pagehide', leave);
    addEventListener('pageshow', comeBack);
    return () => {
      removeEventListener('pagehide', leave);
      removeEventListener('pageshow', comeBack);
      made.stop();
    };
  }, []);
  const heard = () => setAskSound(false);
  return {
    show,
    state,
    info,
    player,
    slate,
    blocked,
    askSound,
    unreachable,
    captions,
    sounds,
    refusal,
    heard,
  };
}

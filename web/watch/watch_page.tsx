// The watch page: the picture, what is said over it, and the controls under the hand.

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PlayerName, State, Stats } from '../player/player';
import { channelOf, keepToken, takeToken } from '../server/names';
import type { ChannelInfo } from '../server/plays';
import { useTexts } from '../texts/language';
import { Header } from '../theme/header';
import { PlayIcon } from '../theme/icons';
import { Controls } from './controls';
import { Panel } from './panel';
import { Show } from './show';
import { TokenForm } from './token_form';
import { useKeys } from './keys';

const kTokenKey = 'butai.view_token';
const kControlsMs = 3000; // without a move they fade

declare global {
  interface Window {
    butai?: { stats(): Stats };
  }
}

export function WatchPage() {
  const { texts } = useTexts();
  const channel = useMemo(() => channelOf(location), []);
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const show = useRef<Show | null>(null);
  const [state, setState] = useState<State>('connecting');
  const [info, setInfo] = useState<ChannelInfo | null>(null);
  const [player, setPlayer] = useState<PlayerName>('ws');
  const [slate, setSlate] = useState(false);
  const [blocked, setBlocked] = useState(false);
  const [askSound, setAskSound] = useState(false);
  const [unreachable, setUnreachable] = useState(false);
  const [tokenTried, setTokenTried] = useState(false);
  const [panel, setPanel] = useState(false);
  const [awake, wake] = useAwake();

  useEffect(() => {
    const token = takeToken(kTokenKey);
    setTokenTried(token !== null);
    const made = new Show(channel, token, video.current!, canvas.current!, {
      state: setState,
      info: setInfo,
      player: setPlayer,
      slate: setSlate,
      started: (how) => {
        setBlocked(how === 'blocked');
        if (how === 'muted') setAskSound(true);
      },
      unreachable: setUnreachable,
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
  }, [channel]);

  useEffect(() => {
    document.title = texts.watch.title(channel);
  }, [texts, channel]);

  const togglePlay = useCallback(() => {
    if (video.current!.paused) void show.current?.touch();
    else video.current!.pause();
  }, []);
  const toggleMute = useCallback(() => {
    video.current!.muted = !video.current!.muted;
    setAskSound(false);
  }, []);
  const toggleFull = useCallback(() => toggleFullscreen(stage.current!, video.current!), []);
  const togglePanel = useCallback(() => setPanel((shown) => !shown), []);
  const toLive = useCallback(() => show.current?.toLive(), []);
  useKeys({ togglePlay, toggleMute, toggleFull, togglePanel, toLive, video, wake });

  const submitToken = (token: string) => {
    keepToken(kTokenKey, token);
    setTokenTried(token !== '');
    show.current?.again(token || null);
  };

  const words = unreachable ? texts.watch.unreachable : texts.watch.states[state];
  const drawn = player === 'jpeg';
  const asks = state === 'token' || state === 'refused';
  const busy = state === 'connecting' || state === 'waiting' || state === 'gap' || unreachable;
  return (
    <div class="house watch">
      <Header />
      <main id="main" class="theatre">
        <div
          ref={stage}
          class={`stage ${awake || state !== 'playing' ? 'awake' : ''}`}
          role="region"
          aria-label={texts.watch.player}
          aria-describedby="keys"
          onPointerMove={wake}
          onFocusIn={wake}
        >
          <video
            ref={video}
            class="picture"
            playsInline
            hidden={drawn}
            onClick={togglePlay}
            aria-label={channel}
          />
          <canvas ref={canvas} class="picture" hidden={!drawn} role="img" aria-label={channel} />
          <div class="words" role="status" aria-live="polite">
            {busy && !blocked && <span class="wheel" aria-hidden="true" />}
            {words && <p>{words}</p>}
            {slate && state === 'playing' && <p>{texts.watch.slate}</p>}
          </div>
          {asks && <TokenForm tried={tokenTried} submit={submitToken} />}
          {state === 'elsewhere' && (
            <div class="ask">
              <button
                class="button button-main"
                onClick={() => show.current?.again(takeToken(kTokenKey))}
              >
                {texts.watch.here}
              </button>
            </div>
          )}
          {blocked && !asks && (
            <button class="big-play" onClick={togglePlay} aria-label={texts.watch.start}>
              <PlayIcon />
            </button>
          )}
          {askSound && state === 'playing' && (
            <button class="sound-on button" onClick={toggleMute}>
              {texts.watch.soundOn}
            </button>
          )}
          {panel && <Panel stats={() => show.current!.stats()} close={togglePanel} />}
          <Controls
            video={video}
            drawn={drawn}
            live={state === 'playing'}
            panel={panel}
            {...{ togglePlay, toggleMute, toggleFull, togglePanel, toLive }}
          />
        </div>
        <div class="programme">
          <h1>{channel}</h1>
          <p class="facts">
            {info?.live && <span class="badge badge-live">{texts.watch.live}</span>}
            {info && <span class="badge">{texts.watch.viewers(info.viewers)}</span>}
            {info && <span class="badge">{texts.home.latency[info.latency]}</span>}
          </p>
        </div>
        <p id="keys" class="keys">
          {texts.watch.keys}
        </p>
      </main>
    </div>
  );
}

// True for a while after each move, so that the controls fade over a picture that is being watched.
function useAwake(): [boolean, () => void] {
  const [awake, setAwake] = useState(true);
  const timer = useRef(0);
  const wake = useCallback(() => {
    setAwake(true);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setAwake(false), kControlsMs);
  }, []);
  useEffect(() => {
    wake();
    return () => clearTimeout(timer.current);
  }, [wake]);
  return [awake, wake];
}

type OldVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

function toggleFullscreen(stage: HTMLElement, video: OldVideo): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else if (document.fullscreenEnabled) void stage.requestFullscreen().catch(() => undefined);
  else video.webkitEnterFullscreen?.(); // iPhones: only the element itself
}

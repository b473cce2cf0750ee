// The watch page: the picture, what is said over it, and the controls under the hand. With ?performance=
// it is the performance's page for whoever has a ticket: waiting room, notices, places.

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { State } from '../player/player';
import { firstQuality, kQualities, type Quality } from '../player/quality';
import { inQuery } from '../server/address';
import { channelOf, keepToken, takeToken } from '../server/names';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Footer } from '../theme/footer';
import { Header } from '../theme/header';
import { PlayIcon } from '../theme/icons';
import { Controls } from './controls';
import { DeviceRowBox } from './device_row_box';
import { Door, kDoorStates, useDoors } from './door';
import { Notices } from './notices';
import { Panel } from './panel';
import { channelSource, takenBy, takenPlaces, ticketSource } from './sources';
import { keep, kept } from './kept';
import { useKeys } from './keys';
import { useCaptions } from './use_captions';
import { usePerformance } from './use_performance';
import { useShow } from './use_show';
import { useSounds } from './use_sounds';
import { WaitingRoom } from './waiting_room';

const kTokenKey = 'butai.view_token';
const kQualityKey = 'butai.quality';
const kControlsMs = 3000; // without a move they fade
const kBusy: State[] = ['connecting', 'waiting', 'gap', 'unlicensed'];

export function WatchPage() {
  const { texts, language } = useTexts();
  const channel = useMemo(() => channelOf(location), []);
  const performance = useMemo(() => inQuery('performance'), []);
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [tokenTried, setTokenTried] = useState(false);
  const [panel, setPanel] = useState(false);
  const [quality, setQuality] = useState(rememberedQuality);
  const [awake, wake] = useAwake();
  const performing = usePerformance(performance);
  const {
    show,
    state: shown,
    info,
    player,
    slate,
    blocked,
    askSound,
    unreachable,
    captions: tracks,
    sounds: heardTracks,
    refusal,
    heard,
  } = useShow(
    () => {
      if (performance) return ticketSource(channel, performance);
      const token = takeToken(kTokenKey);
      setTokenTried(token !== null);
      return channelSource(channel, token);
    },
    video,
    canvas,
  );

  useEffect(() => show.current?.setQuality(quality), []); // before there is a player
  const captions = useCaptions(show, tracks);
  const sounds = useSounds(show, heardTracks);

  // At the end every right ends too: that is no refund.
  const over = performing?.performance.state === 'ended';
  const state = shown === 'revoked' && over ? 'ended' : shown;
  const name = performing ? textOf(performing.event.title, language) : channel;
  useEffect(() => {
    document.title = texts.watch.title(name);
  }, [texts, name]);

  const togglePlay = useCallback(() => {
    if (video.current!.paused) void show.current?.touch();
    else video.current!.pause();
  }, []);
  const toggleMute = useCallback(() => {
    video.current!.muted = !video.current!.muted;
    heard();
  }, []);
  const toggleFull = useCallback(() => toggleFullscreen(stage.current!, video.current!), []);
  const togglePanel = useCallback(() => setPanel((shown) => !shown), []);
  const toLive = useCallback(() => show.current?.toLive(), []);
  const chooseQuality = useCallback((chosen: Quality) => {
    setQuality(chosen);
    keep(kQualityKey, chosen);
    show.current?.setQuality(chosen);
  }, []);
  const nextQuality = useCallback(
    () => chooseQuality(kQualities[(kQualities.indexOf(quality) + 1) % kQualities.length]!),
    [quality],
  );
  useKeys({
    togglePlay,
    toggleMute,
    toggleFull,
    togglePanel,
    toLive,
    nextQuality,
    nextCaptions: captions.next,
    nextSize: captions.nextSize,
    nextSound: sounds.next,
    video,
    wake,
  });

  const places = takenPlaces(refusal?.what ?? null);
  const pushedOutBy = useRef('');
  if (state === 'elsewhere') pushedOutBy.current = takenBy(refusal?.what ?? null);
  const enter = (takeOver?: string) => {
    if (performance) show.current?.again(ticketSource(channel, performance, takeOver));
    else show.current?.again(channelSource(channel, takeToken(kTokenKey)));
  };
  // Back from the device that took over: the viewer has said so already, one tap is enough.
  useEffect(() => {
    const back = places.find(({ device }) => device === pushedOutBy.current);
    if (state === 'places' && back) enter(back.play);
    if (state === 'places' || state === 'playing') pushedOutBy.current = '';
  }, [state]);
  useDoors(state === 'early', performing, refusal, enter);
  const giveToken = (token: string) => {
    keepToken(kTokenKey, token);
    setTokenTried(token !== '');
    show.current?.again(channelSource(channel, token || null));
  };

  const words = texts.watch;
  const states = performance ? { ...words.states, ...words.ticketStates } : words.states;
  let said = unreachable ? words.unreachable : states[state];
  if (state === 'elsewhere' && pushedOutBy.current) said = words.takenBy(pushedOutBy.current);
  const drawn = player === 'jpeg';
  const asks = kDoorStates.includes(state);
  const waits = state === 'early' && performing;
  const busy = kBusy.includes(state) || unreachable;
  return (
    <div class="house watch">
      <Header account={performance !== null} />
      <main id="main" class="theatre">
        {performing && <Notices performing={performing} />}
        <div
          ref={stage}
          class={`stage ${asks || waits ? 'stage-door' : ''} ${awake || state !== 'playing' ? 'awake' : ''}`}
          role="region"
          aria-label={texts.watch.player}
          aria-describedby="keys"
          data-captions={captions.size}
          onPointerMove={wake}
          onFocusIn={wake}
        >
          <video
            ref={video}
            class="picture"
            playsInline
            hidden={drawn}
            onClick={togglePlay}
            aria-label={name}
          />
          <canvas ref={canvas} class="picture" hidden={!drawn} role="img" aria-label={name} />
          {waits && <WaitingRoom performing={performing} />}
          <div class="words" role="status" aria-live="polite">
            {busy && !blocked && <span class="wheel" aria-hidden="true" />}
            {said && !waits && <p>{said}</p>}
            {slate && state === 'playing' && <p>{words.slate}</p>}
          </div>
          {asks && (
            <Door {...{ state, performance, performing, places, tokenTried, giveToken, enter }} />
          )}
          {blocked && !asks && !waits && (
            <button class="big-play" onClick={togglePlay} aria-label={words.start}>
              <PlayIcon />
            </button>
          )}
          {askSound && state === 'playing' && (
            <button class="sound-on button" onClick={toggleMute}>
              {words.soundOn}
            </button>
          )}
          {panel && <Panel stats={() => show.current!.stats()} close={togglePanel} />}
          <Controls
            video={video}
            drawn={drawn}
            live={state === 'playing'}
            panel={panel}
            quality={player === 'ws' || player === 'hls' || player === 'dash' ? quality : null}
            renditions={info?.renditions ?? []}
            end={performing?.performance.end ?? null}
            captions={captions}
            sounds={sounds}
            chooseQuality={chooseQuality}
            {...{ togglePlay, toggleMute, toggleFull, togglePanel, toLive }}
          />
        </div>
        <div class="programme">
          <h1>{name}</h1>
          <p class="facts">
            {info?.live && <span class="badge badge-live">{words.live}</span>}
            {info && !performance && <span class="badge">{words.viewers(info.viewers)}</span>}
            {info && !performance && <span class="badge">{texts.home.latency[info.latency]}</span>}
          </p>
        </div>
        {inQuery('row') && show.current && (
          <DeviceRowBox stats={() => show.current!.stats()} play={() => show.current!.play} />
        )}
        <p id="keys" class="keys">
          {words.keys}
        </p>
      </main>
      <Footer />
    </div>
  );
}

type Connection = { connection?: { saveData?: boolean } };

function rememberedQuality(): Quality {
  return firstQuality(kept(kQualityKey), (navigator as Connection).connection?.saveData === true);
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

// The bar under the picture. It reads the element itself, so that it is right whoever changed it.

import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { bestFor, gigabytesPerHour, hoursLeft, kQualities, type Quality } from '../player/quality';
import type { RenditionInfo } from '../server/plays';
import { useTexts } from '../texts/language';
import {
  FullIcon,
  InfoIcon,
  MutedIcon,
  PauseIcon,
  PipIcon,
  PlayIcon,
  SoundIcon,
  UnfullIcon,
} from '../theme/icons';
import { CaptionMenu } from './caption_menu';
import { Menu } from './menu';
import { SoundMenu } from './sound_menu';
import type { CaptionChoice } from './use_captions';
import type { SoundChoice } from './use_sounds';

interface Properties {
  video: RefObject<HTMLVideoElement | null>;
  drawn: boolean; // pictures on a canvas: nothing to pause, no sound
  live: boolean;
  panel: boolean;
  quality: Quality | null; // null: this player leaves no choice
  renditions: RenditionInfo[];
  end: string | null; // of the show, when it is known
  captions: CaptionChoice;
  sounds: SoundChoice;
  chooseQuality(quality: Quality): void;
  togglePlay(): void;
  toggleMute(): void;
  toggleFull(): void;
  togglePanel(): void;
  toLive(): void;
}

export function Controls(properties: Properties) {
  const { video, drawn, live, panel } = properties;
  const texts = useTexts().texts.watch;
  const { paused, muted, volume } = useElement(video);
  const full = useFull();
  const silent = muted || volume === 0;
  return (
    <div class="controls">
      {!drawn && (
        <>
          <button
            class="control"
            onClick={properties.togglePlay}
            aria-label={paused ? texts.play : texts.pause}
          >
            {paused ? <PlayIcon /> : <PauseIcon />}
          </button>
          <button
            class="control"
            onClick={properties.toggleMute}
            aria-label={silent ? texts.unmute : texts.mute}
          >
            {silent ? <MutedIcon /> : <SoundIcon />}
          </button>
          <input
            class="volume"
            type="range"
            min="0"
            max="1"
            step="0.05"
            value={muted ? 0 : volume}
            aria-label={texts.volume}
            onInput={(event) => {
              const element = video.current!;
              element.volume = Number(event.currentTarget.value);
              element.muted = element.volume === 0;
            }}
          />
        </>
      )}
      {live && (
        <button
          class="badge badge-live live-button"
          onClick={properties.toLive}
          title={texts.behind}
        >
          {texts.live}
        </button>
      )}
      <span class="space" />
      {properties.sounds.tracks.length > 1 && <SoundMenu {...properties.sounds} />}
      {properties.captions.tracks.length > 0 && <CaptionMenu {...properties.captions} />}
      {properties.quality && (
        <QualityMenu
          quality={properties.quality}
          renditions={properties.renditions}
          end={properties.end}
          choose={properties.chooseQuality}
        />
      )}
      {!drawn && document.pictureInPictureEnabled && (
        <button class="control" onClick={() => togglePip(video.current!)} aria-label={texts.pip}>
          <PipIcon />
        </button>
      )}
      <button
        class="control"
        onClick={properties.togglePanel}
        aria-label={texts.info}
        aria-pressed={panel}
      >
        <InfoIcon />
      </button>
      <button
        class="control"
        onClick={properties.toggleFull}
        aria-label={full ? texts.leaveFullscreen : texts.fullscreen}
      >
        {full ? <UnfullIcon /> : <FullIcon />}
      </button>
    </div>
  );
}

interface MenuProperties {
  quality: Quality;
  renditions: RenditionInfo[];
  end: string | null;
  choose(quality: Quality): void;
}

// What the rest of the show, or an hour, takes of the viewer's contract stands beside each choice.
function QualityMenu({ quality, renditions, end, choose }: MenuProperties) {
  const texts = useTexts().texts.watch;
  const words = (of: Quality) => {
    const gigabytes = gigabytesPerHour(of, renditions);
    if (gigabytes === null) return texts.qualities[of];
    const hours = hoursLeft(end, Date.now());
    const cost = hours ? texts.restOfShow(gigabytes * hours) : texts.perHour(gigabytes);
    return `${texts.qualities[of]} · ${cost}`;
  };
  const choices = kQualities.map((each) => ({
    value: each,
    words: words(each),
    disabled: bestFor(each, renditions) === null,
  }));
  return <Menu label={texts.quality} value={quality} choices={choices} choose={choose} />;
}

function useElement(video: RefObject<HTMLVideoElement | null>) {
  const [now, setNow] = useState({ paused: true, muted: false, volume: 1 });
  useEffect(() => {
    const element = video.current!;
    const read = () =>
      setNow({ paused: element.paused, muted: element.muted, volume: element.volume });
    const events = ['play', 'playing', 'pause', 'volumechange', 'emptied'];
    for (const name of events) element.addEventListener(name, read);
    read();
    return () => {
      for (const name of events) element.removeEventListener(name, read);
    };
  }, [video]);
  return now;
}

function useFull(): boolean {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const read = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', read);
    return () => document.removeEventListener('fullscreenchange', read);
  }, []);
  return full;
}

function togglePip(video: HTMLVideoElement): void {
  if (document.pictureInPictureElement) void document.exitPictureInPicture();
  else void video.requestPictureInPicture().catch(() => undefined);
}

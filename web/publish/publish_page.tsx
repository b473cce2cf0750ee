// The sender page: choose a source, see and hear it, go live.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { isName, keepToken, takeToken } from '../server/names';
import { channelInfo, type ChannelInfo } from '../server/plays';
import { useTexts } from '../texts/language';
import { Footer } from '../theme/footer';
import { Header } from '../theme/header';
import { kQualities } from './feed';
import { LevelMeter } from './level';
import { LoudnessBar } from './loudness_bar';
import { canRecord } from './recorder_feed';
import { Sender, type SendError, type SendState } from './sender';
import { Settings, type Choice } from './settings';
import { canCapture, closeSource, openSource, type SourceError } from './source';
import { StatusLine } from './status_line';

const kTokenKey = 'butai.publish_token';
const kSeenMs = 3000; // viewer count and loudness

function firstChoice(): Choice {
  const wished = new URLSearchParams(location.search).get('channel') ?? '';
  return {
    kind: 'camera',
    camera: '',
    microphone: '',
    height: 720,
    jpeg: !canRecord(),
    channel: isName(wished) ? wished : 'main',
    token: takeToken(kTokenKey) ?? '',
  };
}

export function PublishPage() {
  const texts = useTexts().texts.publish;
  const [choice, setChoice] = useState<Choice>(firstChoice);
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [state, setState] = useState<SendState>('off');
  const [seen, setSeen] = useState<ChannelInfo | null>(null);
  const preview = useRef<HTMLVideoElement>(null);
  const level = useRef<HTMLDivElement>(null);
  const sender = useRef<Sender | null>(null);
  const words = useRef(texts);
  words.current = texts;
  const on = state !== 'off';

  if (!sender.current) {
    sender.current = new Sender({
      state: (next, error) => {
        setState(next);
        if (error) setTrouble(sendWords(words.current, error));
        else if (next === 'live') setTrouble(null);
      },
    });
  }

  useEffect(() => {
    document.title = (state === 'live' ? '● ' : '') + texts.title;
  }, [texts, state]);

  useEffect(() => {
    if (preview.current) preview.current.srcObject = stream;
    const meter = new LevelMeter((share) => {
      if (level.current)
        level.current.style.clipPath = `inset(0 ${(100 - share * 100).toFixed(1)}% 0 0)`;
    });
    meter.listen(stream);
    return () => meter.stop();
  }, [stream]);

  useSeen(on, choice.channel, choice.token, setSeen);
  useLeaveWarning(on, texts.leave);
  useAwakeScreen(on);

  const closeAll = useCallback((words: string | null) => {
    sender.current!.stop();
    setStream((old) => {
      closeSource(old);
      return null;
    });
    setTrouble(words);
  }, []);

  const open = async (wish: Choice): Promise<MediaStream | null> => {
    setTrouble(null);
    try {
      const opened = await openSource(wish);
      for (const track of opened.getVideoTracks()) {
        track.onended = () => closeAll(words.current.devicesLost);
      }
      for (const track of opened.getAudioTracks()) track.enabled = !wish.muted;
      setStream((old) => {
        closeSource(old);
        return opened;
      });
      return opened;
    } catch (error) {
      setTrouble(sourceWords(texts, error as SourceError));
      return null;
    }
  };

  const change = async (part: Partial<Choice>) => {
    const next = { ...choice, ...part };
    setChoice(next);
    if (part.token !== undefined) keepToken(kTokenKey, part.token);
    if (part.muted !== undefined) {
      for (const track of stream?.getAudioTracks() ?? []) track.enabled = !part.muted;
    }
    const source = ['kind', 'camera', 'microphone', 'height'].some((name) => name in part);
    if (!source || !stream) return;
    const opened = await open(next);
    if (opened) sender.current!.replace(opened);
  };

  const goLive = async () => {
    if (!isName(choice.channel)) {
      setTrouble(texts.errors.name);
      return;
    }
    const source = stream ?? (await open(choice));
    if (!source) return;
    setTrouble(null);
    const { channel, token, jpeg, height } = choice;
    const quality = kQualities.find((each) => each.height === height) ?? kQualities[1]!;
    sender.current!.start(source, { channel, token, jpeg, height, bitrate: quality.bitrate });
  };

  return (
    <div class="house">
      <Header account={false} />
      <main id="main" class="studio">
        <div class="studio-head">
          <h1>{texts.heading}</h1>
          <p>{texts.lead}</p>
        </div>
        <section class={`monitor ${state === 'live' ? 'on-air' : ''}`} aria-label={texts.preview}>
          <video ref={preview} autoplay muted playsInline aria-label={texts.preview} />
          {!stream && <p class="monitor-empty">{texts.previewEmpty}</p>}
          <div class="monitor-badge" role="status">
            {state === 'live' && (
              <span class="badge badge-live">{texts.seenBy(seen?.viewers ?? 0)}</span>
            )}
            {state === 'connecting' && <span class="badge">{texts.connecting}</span>}
            {state === 'reconnecting' && <span class="badge">{texts.reconnecting}</span>}
          </div>
          <div class="meter" role="img" aria-label={texts.level}>
            <div ref={level} class="meter-level" />
          </div>
        </section>
        <form
          class="desk"
          onSubmit={(event) => {
            event.preventDefault();
            if (!on) void goLive();
          }}
        >
          {!canCapture() && <p class="trouble">{texts.insecure}</p>}
          {trouble && (
            <p class="trouble" role="alert">
              {trouble}
            </p>
          )}
          <Settings
            choice={choice}
            live={on}
            opened={stream !== null}
            change={(p) => void change(p)}
          />
          <div class="desk-buttons">
            {/* Keys: one element for both would change into a submit button inside its own click. */}
            {on ? (
              <button
                key="stop"
                type="button"
                class="button button-main"
                onClick={() => sender.current!.stop()}
              >
                {texts.stop}
              </button>
            ) : (
              <button key="go" type="submit" class="button button-main" disabled={!canCapture()}>
                {texts.goLive}
              </button>
            )}
            {!on && (
              <button
                type="button"
                class="button"
                disabled={!canCapture()}
                onClick={() => (stream ? closeAll(null) : void open(choice))}
              >
                {stream ? texts.closeSource : texts.openSource}
              </button>
            )}
          </div>
          {state === 'live' && seen?.loudness && <LoudnessBar loudness={seen.loudness} />}
          {on && <StatusLine sender={sender.current} channel={choice.channel} />}
        </form>
      </main>
      <Footer />
    </div>
  );
}

type Words = ReturnType<typeof useTexts>['texts']['publish'];

function sendWords(texts: Words, error: SendError): string {
  return texts.errors[error];
}

function sourceWords(texts: Words, error: SourceError): string {
  return error === 'insecure' ? texts.insecure : texts.errors[error];
}

function useSeen(
  on: boolean,
  channel: string,
  token: string,
  set: (info: ChannelInfo) => void,
): void {
  useEffect(() => {
    if (!on) return;
    const ask = () => channelInfo(channel, token || null).then(set, () => undefined); // the badge keeps its number
    void ask();
    const timer = setInterval(() => void ask(), kSeenMs);
    return () => clearInterval(timer);
  }, [on, channel, token]);
}

function useLeaveWarning(on: boolean, words: string): void {
  useEffect(() => {
    if (!on) return;
    const warn = (event: BeforeUnloadEvent) => {
      event.preventDefault();
      event.returnValue = words;
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [on, words]);
}

// A phone that sends must not fall asleep.
function useAwakeScreen(on: boolean): void {
  useEffect(() => {
    if (!on || !('wakeLock' in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    const take = () => {
      if (document.visibilityState !== 'visible') return;
      navigator.wakeLock.request('screen').then(
        (got) => (lock = got),
        () => undefined, // battery saver: the owner's decision
      );
    };
    take();
    document.addEventListener('visibilitychange', take);
    return () => {
      document.removeEventListener('visibilitychange', take);
      void lock?.release();
    };
  }, [on]);
}

// The test before the purchase: the performance's own way of playing, on the test channel, and in words
// what works on this device.

import { useEffect, useRef, useState } from 'preact/hooks';
import { keyTrouble, type State } from '../player/player';
import { ServerClock } from '../player/server_clock';
import { goToSignIn, inQuery, partOfPath } from '../server/address';
import { getSession } from '../server/ask';
import { deviceName } from '../server/device';
import type { Play } from '../server/plays';
import { event as askEvent, sendReport, type SaleEvent } from '../server/sale';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Artwork, Loading, Notice, Page, Refused } from '../theme/sale';
import { Show } from '../watch/show';
import { testSource } from '../watch/sources';
import { protectionOf } from './protection';
import { addressIn, Count, rateOf, reportOf, type Found } from './report';
import { Result } from './result';

const kAskAfterFrames = 60; // about two seconds of picture
const kNoPictureMs = 25_000; // then there will be none
const kMeasureMs = 10_000; // from the first picture, so that a stall can be seen

export function TestPage() {
  const { texts, language } = useTexts();
  const words = texts.sale.test;
  const slug = partOfPath(1);
  const { answer: event, refusal } = useAnswer(() => askEvent(slug), [slug]);
  const { answer: session } = useAnswer(getSession, []);
  const [round, setRound] = useState(0);
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (session && !session.account) goToSignIn();
  }, [session]);
  if (!event || !session?.account) {
    return <Page title={words.title}>{refusal ? <Refused refusal={refusal} /> : <Loading />}</Page>;
  }
  const performance = performanceOf(event);
  return (
    <Page title={words.title}>
      <section class="card">
        <p class="fine">{textOf(event.title, language)}</p>
        <h1>{words.title}</h1>
        {!found && <p>{words.lead}</p>}
        {round === 0 && (
          <div class="screen">
            <Artwork src={event.artwork} name={event.slug} alt="" />
            <button class="button button-main" onClick={() => setRound(1)}>
              {words.start}
            </button>
          </div>
        )}
        {round > 0 && !found && performance && (
          <Trial key={round} performance={performance} done={setFound} />
        )}
        {found && <Result event={event} found={found} />}
        {found && (
          <button
            class="button button-wide"
            onClick={() => {
              setFound(null);
              setRound(round + 1);
            }}
          >
            {words.again}
          </button>
        )}
      </section>
    </Page>
  );
}

// The performance that a wished ticket type is for, else the next one.
function performanceOf(event: SaleEvent): string | undefined {
  const type = event.ticket_types.find(({ id }) => id === inQuery('type'));
  const next = event.performances.find(({ state }) => state !== 'ended');
  return type?.performances[0] ?? next?.id ?? event.performances[0]?.id;
}

interface TrialProperties {
  performance: string;
  done(found: Found): void;
}

type Said = { seen: boolean; heard: boolean };

function Trial({ performance, done }: TrialProperties) {
  const { texts } = useTexts();
  const words = texts.sale.test;
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const show = useRef<Show | null>(null);
  const said = useRef<Said | null>(null);
  const [state, setState] = useState<State>('connecting');
  const [asks, setAsks] = useState(false);
  const [answered, setAnswered] = useState(false);

  useEffect(() => {
    const made = new Show(testSource(performance), video.current!, canvas.current!, {
      state: setState,
      info: () => undefined,
      player: () => undefined,
      slate: () => undefined,
      started: () => undefined,
      unreachable: () => undefined,
    });
    show.current = made;
    window.butai = Object.freeze({ stats: () => made.stats() });
    made.start();
    const clock = new ServerClock();
    void clock.measure();
    const from = Date.now();
    const pictures = new Count();
    let picturesSince = 0;
    let over = false;
    const finish = (what: Said) => {
      if (over) return;
      over = true;
      void measured(made, pictures.all, clock, performance, what).then(done);
    };
    const timer = setInterval(() => {
      pictures.take(made.stats().decodedFrames);
      const running = pictures.all > kAskAfterFrames;
      if (running && picturesSince === 0) picturesSince = Date.now();
      if (running) setAsks(true);
      const never = made.stats().state === 'locked' || Date.now() - from > kNoPictureMs;
      if (!running && never) finish({ seen: false, heard: false });
      if (said.current && Date.now() - picturesSince > kMeasureMs) finish(said.current);
    }, 500);
    return () => {
      clearInterval(timer);
      made.stop();
    };
  }, [performance]);

  const say = (what: Said) => {
    said.current = what;
    setAnswered(true);
  };
  return (
    <>
      <div class="screen">
        <video ref={video} playsInline aria-label={words.title} />
        <canvas ref={canvas} hidden />
        {state !== 'playing' && (
          <p role="status">
            {state === 'missing' ? words.off : texts.watch.states[state] || words.running}
          </p>
        )}
      </div>
      {asks && !answered && (
        <div class="question" role="group" aria-labelledby="question">
          <p id="question" aria-live="polite">
            {words.hear}
          </p>
          <div class="acts">
            <button class="button button-main" onClick={() => say({ seen: true, heard: true })}>
              {words.yes}
            </button>
            <button class="button" onClick={() => say({ seen: true, heard: false })}>
              {words.noSound}
            </button>
            <button class="button" onClick={() => say({ seen: false, heard: false })}>
              {words.noPicture}
            </button>
          </div>
        </div>
      )}
      {(!asks || answered) && <Notice>{words.running}</Notice>}
    </>
  );
}

async function measured(
  show: Show,
  frames: number,
  clock: ServerClock,
  performanceId: string,
  said: Said,
): Promise<Found> {
  const stats = show.stats();
  const found: Found = {
    frames,
    width: stats.width,
    height: stats.height,
    stalls: stats.gaps,
    bitrate: stats.bitrate,
    rate: await lineRate(show.play),
    ...said,
    drm: await protectionOf(stats.keySystem),
    trouble: keyTrouble(stats.state),
    clockOffsetMs: clock.offsetFromDateMs(),
  };
  const report = reportOf(found, performanceId, deviceName(navigator.userAgent));
  await sendReport(report).catch(() => undefined); // the words on the page do not depend on it
  return found;
}

// The newest whole segment of the best rendition, whichever way this device plays: it is there, so it comes as
// fast as the line brings it. (Parts of it are too small to tell, and what a system plays itself is not seen.)
async function lineRate(play: Play | null): Promise<number | null> {
  if (!play) return null;
  try {
    const read = async (address: string) => (await fetch(address)).text();
    const rendition = addressIn(await read(play.hls), play.hls, 0);
    const segment = rendition && addressIn(await read(rendition), rendition, -1);
    if (!segment) return null;
    const from = performance.now();
    const answer = await fetch(segment, { cache: 'reload' });
    if (!answer.ok) return null;
    const body = await answer.arrayBuffer();
    return rateOf(body.byteLength, performance.now() - from);
  } catch {
    return null;
  }
}

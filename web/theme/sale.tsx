// Pieces that the pages of the sale share: artwork, moments, notices, the frame of a page.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { dateText, timeText, viewersText, zoneName } from '../format/zone';
import type { Refusal } from '../server/ask';
import type { Performance } from '../server/sale';
import { useSessionAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Footer } from './footer';
import { Header } from './header';

interface PageProperties {
  title: string;
  wide?: boolean;
  children: ComponentChildren;
}

export function Page({ title, wide = false, children }: PageProperties) {
  const { texts } = useTexts();
  useEffect(() => {
    document.title = title ? `${title} · ${texts.product}` : texts.product;
  }, [title, texts]);
  return (
    <div class="house">
      <Header />
      <main id="main" class={wide ? 'column column-wide' : 'column'}>
        {location.pathname.startsWith('/producer') && <SecondFactorFirst />}
        {children}
      </main>
      <Footer />
    </div>
  );
}

// A producer who has not shown a second factor is told where, instead of being refused at every button.
function SecondFactorFirst() {
  const words = useTexts().texts.accountPage;
  const { answer: session } = useSessionAnswer();
  if (!session?.second_factor_needed) return null;
  const next = encodeURIComponent(location.pathname + location.search);
  return (
    <Notice kind="warn">
      <p>{words.factorFirst}</p>
      <a class="button button-main" href={`/account?next=${next}`}>
        {words.goOn}
      </a>
    </Notice>
  );
}

// The picture of an event; without one, a stage lit in a colour of its own.
interface ArtworkProperties {
  src: string | null;
  name: string;
  alt: string; // the event's title, or '' where that stands beside it
}

export function Artwork({ src, name, alt }: ArtworkProperties) {
  if (src) return <img class="art" src={src} alt={alt} decoding="async" />;
  return <div class="art art-made" style={{ '--hue': hueOf(name) }} aria-hidden="true" />;
}

const kHues = [196, 218, 246, 272, 300, 326, 345]; // stage lights, none of the greens

function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)!) % 9973;
  return kHues[sum % kHues.length]!;
}

// A moment in the event's zone by name, and on the viewer's own clock when that shows another.
export function Moment({ at, zone }: { at: string; zone: string }) {
  const { texts, language } = useTexts();
  const instant = Date.parse(at);
  const own = viewersText(zone, instant, language);
  return (
    <time class="moment" dateTime={at}>
      <span>
        {dateText(zone, instant, language)} <b>{timeText(zone, instant, language)}</b>
      </span>{' '}
      <small>{zoneName(zone, instant, language)}</small>
      {own && <small class="own-time">{texts.whereYouAre(own)}</small>}
    </time>
  );
}

// When a performance is: its day, doors and start, in the event's zone by name.
export function When({ performance, zone }: { performance: Performance; zone: string }) {
  const { texts, language } = useTexts();
  const [doors, start] = [Date.parse(performance.doors), Date.parse(performance.start)];
  const day = dateText(zone, doors, language);
  const startDay = dateText(zone, start, language);
  const own = viewersText(zone, start, language);
  return (
    <p class="when">
      <span class="when-day">{day}</span>
      <span>
        {texts.sale.event.doors}{' '}
        <time dateTime={performance.doors}>{timeText(zone, doors, language)}</time>
      </span>
      <span>
        {texts.sale.event.start} {startDay !== day && `${startDay} `}
        <time dateTime={performance.start}>{timeText(zone, start, language)}</time>
      </span>
      <small>{zoneName(zone, start, language)}</small>
      {own && <small class="own-time">{texts.startsWhereYouAre(own)}</small>}
    </p>
  );
}

type Kind = 'plain' | 'good' | 'warn' | 'bad';

export function Notice({ kind = 'plain', children }: { kind?: Kind; children: ComponentChildren }) {
  return (
    <div class={`notice notice-${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

// What the server refused, in its words when the page has none of its own.
export function Refused({ refusal }: { refusal: Refusal | null }) {
  const { texts } = useTexts();
  if (!refusal) return null;
  const own = texts.problems[refusal.problem as keyof typeof texts.problems];
  const words = own ?? (refusal.status === 0 ? texts.unreachable : refusal.detail || texts.failed);
  return <Notice kind="bad">{words}</Notice>;
}

export function Loading() {
  const { texts } = useTexts();
  return (
    <p class="loading" role="status">
      <span class="unseen">{texts.loading}</span>
    </p>
  );
}

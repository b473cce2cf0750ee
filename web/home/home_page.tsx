// The foyer: what is on sale, what is on stage now, and how to go on stage oneself.

import { useEffect, useState } from 'preact/hooks';
import { publicChannels, type ChannelInfo } from '../server/plays';
import { events as askEvents, type SaleEvent } from '../server/sale';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Footer } from '../theme/footer';
import { Header } from '../theme/header';
import { EventCard } from './event_card';
import { Ways } from './ways';

const kRefreshMs = 5000;

export function HomePage() {
  const { texts, language } = useTexts();
  const home = texts.home;
  const channels = useChannels();
  const { answer: events, refusal } = useAnswer<SaleEvent[]>(
    () =>
      askEvents().catch((error: { status?: number }) => {
        if (error.status === 404) return []; // a server that sells nothing
        throw error;
      }),
    [],
  );
  useEffect(() => {
    document.title = home.title;
  }, [home]);
  const selling = events !== null && events.length > 0;
  return (
    <div class="house">
      <Header />
      <main id="main" class="foyer">
        <section class={selling ? 'hero hero-small' : 'hero'}>
          <h1>{texts.tagline}</h1>
          {!selling && <p>{home.lead}</p>}
        </section>
        {refusal && <p class="empty">{home.unreachable}</p>}
        {selling && (
          <section aria-labelledby="events">
            <h2 id="events">{home.events}</h2>
            <ul class="bill bill-events">
              {inOrder(events).map((event) => (
                <li key={event.id}>
                  <EventCard event={event} title={textOf(event.title, language)} />
                </li>
              ))}
            </ul>
          </section>
        )}
        <OnStage channels={channels} />
        {events !== null && !selling && (
          <section aria-labelledby="ways">
            <h2 id="ways">{home.ways}</h2>
            <Ways />
          </section>
        )}
      </main>
      <Footer />
    </div>
  );
}

// What can still be seen first, soonest first; what is over last.
function inOrder(events: SaleEvent[]): SaleEvent[] {
  const over = (event: SaleEvent) => event.state === 'ended' || event.state === 'closed';
  const start = (event: SaleEvent) => Date.parse(event.performances[0]?.start ?? '') || Infinity;
  return [...events].sort((a, b) => Number(over(a)) - Number(over(b)) || start(a) - start(b));
}

function useChannels(): ChannelInfo[] {
  const [channels, setChannels] = useState<ChannelInfo[]>([]);
  useEffect(() => {
    const ask = () => publicChannels().then(setChannels, () => undefined);
    void ask();
    const timer = setInterval(() => void ask(), kRefreshMs);
    return () => clearInterval(timer);
  }, []);
  return channels;
}

function OnStage({ channels }: { channels: ChannelInfo[] }) {
  const home = useTexts().texts.home;
  const live = channels.filter((channel) => channel.live);
  if (live.length === 0) return null;
  return (
    <section aria-labelledby="on-now">
      <h2 id="on-now">{home.onNow}</h2>
      <ul class="bill">
        {live.map((channel) => (
          <li key={channel.name}>
            <a class="poster lit" href={`/watch/${channel.name}`}>
              <span class="poster-stage" aria-hidden="true" />
              <span class="poster-name">{channel.name}</span>
              <span class="poster-facts">
                <span class="badge badge-live">{home.live}</span>
                <span>{home.viewers(channel.viewers)}</span>
                <span>{home.latency[channel.latency]}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

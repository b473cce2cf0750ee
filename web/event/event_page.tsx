// An event: what it is, when, and the tickets for it.

import { useEffect } from 'preact/hooks';
import { momentText } from '../format/zone';
import { moneyText } from '../format/money';
import { partOfPath, watchAddress } from '../server/address';
import { getSession } from '../server/ask';
import {
  event as askEvent,
  tickets as askTickets,
  type SaleEvent,
  type Ticket,
  type TicketType,
} from '../server/sale';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Artwork, Loading, Notice, Page, Refused, When } from '../theme/sale';
import { OtherApp } from './other_app';
import { saleOf } from './sale_of';

const kLookMs = 30_000; // a sale that begins, and what is left of it, show without a reload

export function EventPage() {
  const { texts, language } = useTexts();
  const slug = partOfPath(1);
  const { answer: event, refusal, again } = useAnswer(() => askEvent(slug), [slug]);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && again(), kLookMs);
    return () => clearInterval(timer);
  }, [again]);
  const { answer: mine } = useAnswer(() => ticketsFor(slug), [slug]);
  if (!event) {
    return (
      <Page title="">
        {refusal?.status === 404 && <Notice kind="bad">{texts.sale.noEvent}</Notice>}
        {refusal && refusal.status !== 404 && <Refused refusal={refusal} />}
        {!refusal && <Loading />}
      </Page>
    );
  }
  const title = textOf(event.title, language);
  const over = event.state === 'ended' || event.state === 'closed';
  return (
    <Page title={title} wide>
      <OtherApp />
      <article class="bill-page">
        <div class="bill-art">
          <Artwork src={event.artwork} name={event.slug} alt={title} />
        </div>
        <header class="bill-head">
          <p class="facts">
            <span class={`badge ${event.state === 'live' ? 'badge-live' : 'badge-lit'}`}>
              {texts.sale.states[event.state]}
            </span>
          </p>
          <h1>{title}</h1>
          {event.performances.length === 1 && (
            <When performance={event.performances[0]!} zone={event.zone} />
          )}
        </header>
        <aside class="bill-tickets" aria-labelledby="tickets">
          <h2 id="tickets">{texts.sale.event.tickets}</h2>
          {over && <p>{texts.sale.event.ended}</p>}
          {!over && mine && <Mine ticket={mine} />}
          {!over && <TicketTypes event={event} />}
          {!over && (
            <p class="test-call">
              <a class="button" href={`/e/${event.slug}/test`}>
                {texts.sale.event.test}
              </a>
              <small>{texts.sale.event.testLead}</small>
            </p>
          )}
        </aside>
        <div class="bill-text">
          {textOf(event.text, language)
            .split(/\n{2,}/)
            .map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
          {event.performances.length > 1 && <Performances event={event} />}
          <p class="fine">{texts.sale.event.noArchive}</p>
        </div>
      </article>
    </Page>
  );
}

async function ticketsFor(slug: string): Promise<Ticket | null> {
  if (!(await getSession()).account) return null;
  const all = await askTickets();
  return all.find(({ event, state }) => event.slug === slug && state === 'valid') ?? null;
}

function Performances({ event }: { event: SaleEvent }) {
  const { texts, language } = useTexts();
  return (
    <section aria-labelledby="performances">
      <h2 id="performances">{texts.sale.event.performances}</h2>
      <ul class="performances">
        {event.performances.map((performance) => (
          <li key={performance.id}>
            <h3>{textOf(performance.title, language)}</h3>
            <When performance={performance} zone={event.zone} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Mine({ ticket }: { ticket: Ticket }) {
  const words = useTexts().texts.sale.event;
  const next = ticket.performances.find(({ state }) => state !== 'ended');
  const channel = next?.channels[0];
  return (
    <Notice kind="good">
      <p>{words.yours}</p>
      {next && channel && (
        <a class="button button-main" href={watchAddress(channel.name, next.id)}>
          {words.watch}
        </a>
      )}
    </Notice>
  );
}

function TicketTypes({ event }: { event: SaleEvent }) {
  const words = useTexts().texts.sale.event;
  if (event.ticket_types.length === 0) return <p>{words.soon}</p>;
  return (
    <ul class="ticket-types">
      {event.ticket_types.map((type) => (
        <li key={type.id}>
          <TicketTypeRow event={event} type={type} />
        </li>
      ))}
    </ul>
  );
}

function TicketTypeRow({ event, type }: { event: SaleEvent; type: TicketType }) {
  const { texts, language } = useTexts();
  const words = texts.sale.event;
  const sale = saleOf(event, type, Date.now() + event.aheadMs);
  const title = textOf(type.title, language);
  const free = type.price.amount === 0;
  const only = event.performances.filter(({ id }) => type.performances.includes(id));
  return (
    <div class="ticket-type">
      <h3>{title}</h3>
      <p class="price">
        <b>{free ? words.free : moneyText(type.price, language)}</b>
        {!free && <small>{words.taxIncluded}</small>}
      </p>
      <p class="fine">
        {event.performances.length > 1 &&
          (only.length === event.performances.length
            ? words.everything
            : only.map(({ title: name }) => textOf(name, language)).join(', ')) + ' · '}
        {words.devices(type.devices)}
        {type.code_needed && ` · ${words.code}`}
      </p>
      {sale === 'open' ? (
        <a
          class="button button-main"
          href={`/e/${event.slug}/buy?type=${encodeURIComponent(type.id)}`}
          aria-label={words.buyNamed(title, free)}
        >
          {free ? words.get : words.buy}
        </a>
      ) : (
        <p class="sale-note">
          {sale === 'sold_out' && texts.sale.soldOut}
          {sale === 'over' && words.saleOver}
          {sale === 'later' &&
            (type.sale_from
              ? `${words.saleFrom} ${momentText(event.zone, Date.parse(type.sale_from), language)}`
              : words.soon)}
        </p>
      )}
      {sale === 'open' && type.availability === 'few' && (
        <span class="badge badge-lit">{texts.sale.few}</span>
      )}
    </div>
  );
}

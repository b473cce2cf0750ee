// My tickets: each looks like one, and leads to the performance.

import { useEffect } from 'preact/hooks';
import { accountDetails } from '../server/account';
import { goToSignIn, watchAddress } from '../server/address';
import {
  orders as askOrders,
  tickets as askTickets,
  type Order,
  type Ticket,
} from '../server/sale';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Artwork, Loading, Notice, Page, Refused, When } from '../theme/sale';

export function TicketsPage() {
  const { texts } = useTexts();
  const words = texts.sale.tickets;
  const { answer: tickets, refusal } = useAnswer(askTickets, []);
  const { answer: orders } = useAnswer(() => askOrders().catch(() => []), []);
  const { answer: account } = useAnswer(() => accountDetails().catch(() => null), []);
  useEffect(() => {
    if (refusal?.status === 401) goToSignIn();
  }, [refusal]);
  const now = tickets?.filter(({ state }) => state !== 'over') ?? [];
  const past = tickets?.filter(({ state }) => state === 'over') ?? [];
  const open = orders?.filter(({ state }) => state === 'held' || state === 'pending_payment') ?? [];
  return (
    <Page title={words.title} wide>
      <h1 class="page-title">{words.title}</h1>
      {refusal && refusal.status !== 401 && <Refused refusal={refusal} />}
      {!tickets && !refusal && <Loading />}
      {account?.mail_problem && (
        <Notice kind="warn">{texts.accountPage.mailProblem(account.mail_problem)}</Notice>
      )}
      {open.length > 0 && <OpenOrders orders={open} />}
      {tickets && now.length === 0 && (
        <div class="empty">
          <p>{words.none}</p>
          <a class="button button-main" href="/">
            {words.find}
          </a>
        </div>
      )}
      <ul class="tickets">
        {now.map((ticket) => (
          <li key={ticket.id}>
            <TicketCard ticket={ticket} />
          </li>
        ))}
      </ul>
      {past.length > 0 && (
        <details class="past">
          <summary>{words.past}</summary>
          <ul class="tickets">
            {past.map((ticket) => (
              <li key={ticket.id}>
                <TicketCard ticket={ticket} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Page>
  );
}

function OpenOrders({ orders }: { orders: Order[] }) {
  const { texts, language } = useTexts();
  return (
    <section class="notice notice-warn" aria-labelledby="open">
      <h2 id="open">{texts.sale.tickets.open}</h2>
      <ul>
        {orders.map((order) => (
          <li key={order.id}>
            <a href={`/orders/${order.id}`}>{textOf(order.event.title, language)}</a>{' '}
            {texts.sale.order.states[order.state]}
          </li>
        ))}
      </ul>
    </section>
  );
}

function TicketCard({ ticket }: { ticket: Ticket }) {
  const { texts, language } = useTexts();
  const words = texts.sale.tickets;
  const title = textOf(ticket.event.title, language);
  const good = ticket.state === 'valid';
  return (
    <article class={`ticket ticket-${ticket.state}`} aria-label={title}>
      <Artwork src={ticket.event.artwork} name={ticket.event.slug} alt="" />
      <div class="ticket-main">
        <h2>
          <a href={`/e/${ticket.event.slug}`}>{title}</a>
        </h2>
        {!good && (
          <p>
            <span class="badge">{ticket.state === 'over' ? words.over : words.revoked}</span>{' '}
            {ticket.state === 'revoked' && words.revokedNote}
          </p>
        )}
        <ul class="ticket-shows">
          {ticket.performances.map((performance) => (
            <li key={performance.id}>
              {ticket.performances.length > 1 && <b>{textOf(performance.title, language)}</b>}
              <When performance={performance} zone={ticket.event.zone} />
              {good && performance.state !== 'ended' && (
                <span class="acts">
                  {performance.channels.map((channel) => (
                    <a
                      key={channel.name}
                      class="button button-main"
                      href={watchAddress(channel.name, performance.id)}
                    >
                      {performance.state === 'scheduled' ? words.waitingRoom : words.watch}
                      {performance.channels.length > 1 && ` · ${textOf(channel.title, language)}`}
                    </a>
                  ))}
                </span>
              )}
            </li>
          ))}
        </ul>
      </div>
      <div class="ticket-stub">
        <p class="fine">{words.devices(ticket.devices)}</p>
        {good && <a href={ticket.ics}>{words.calendar}</a>}
        {good && <a href={`/e/${ticket.event.slug}/test`}>{words.test}</a>}
        <a href={`/orders/${ticket.order}`}>{words.order}</a>
      </div>
    </article>
  );
}

// An event on the bill: its picture, when it is, and whether there are tickets.

import { dateText, timeText } from '../format/zone';
import type { SaleEvent } from '../server/sale';
import { useTexts } from '../texts/language';
import { moneyText } from '../format/money';
import { Artwork } from '../theme/sale';

export function EventCard({ event, title }: { event: SaleEvent; title: string }) {
  const { texts, language } = useTexts();
  const next = event.performances.find(({ state }) => state !== 'ended') ?? event.performances[0];
  return (
    <a class="poster" href={`/e/${event.slug}`}>
      <Artwork src={event.artwork} name={event.slug} alt="" />
      {next && (
        <time class="poster-when" dateTime={next.start}>
          {dateText(event.zone, Date.parse(next.start), language)}
          <b> {timeText(event.zone, Date.parse(next.start), language)}</b>
        </time>
      )}
      <span class="poster-name">{title}</span>
      <span class="poster-facts">
        <EventBadge event={event} />
        {lowest(event) && <span>{texts.sale.event.from(moneyText(lowest(event)!, language))}</span>}
        {event.performances.length > 1 && (
          <span>{texts.sale.dates(event.performances.length)}</span>
        )}
      </span>
    </a>
  );
}

function EventBadge({ event }: { event: SaleEvent }) {
  const { texts } = useTexts();
  const left = event.ticket_types.map(({ availability }) => availability);
  const selling = ['on_sale', 'doors_open', 'live'].includes(event.state);
  if (event.state === 'live') return <span class="badge badge-live">{texts.sale.states.live}</span>;
  if (selling && left.length > 0 && left.every((much) => much === 'none')) {
    return <span class="badge">{texts.sale.soldOut}</span>;
  }
  if (event.state === 'on_sale' && left.includes('few')) {
    return <span class="badge badge-lit">{texts.sale.few}</span>;
  }
  return (
    <span class={`badge ${selling ? 'badge-lit' : ''}`}>{texts.sale.states[event.state]}</span>
  );
}

function lowest(event: SaleEvent) {
  if (event.state !== 'on_sale') return null;
  const prices = event.ticket_types.map(({ price }) => price).sort((a, b) => a.amount - b.amount);
  return prices.length > 1 && prices[0]!.amount > 0 ? prices[0]! : null;
}

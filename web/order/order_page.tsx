// One order: its state in words, the way to pay, and the ticket as soon as it is paid.

import { useEffect, useRef, useState } from 'preact/hooks';
import { moneyText } from '../format/money';
import { viewersZone } from '../format/zone';
import { goToSignIn, inQuery, partOfPath } from '../server/address';
import {
  cancelOrder,
  event as askEvent,
  lookAtOrder,
  order as askOrder,
  refundFailed,
  type Order,
} from '../server/sale';
import { useAct, useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Loading, Moment, Page, Refused } from '../theme/sale';
import { nextLookMs } from './poll';

export function OrderPage() {
  const { texts } = useTexts();
  const { answer: order, refusal, again, set } = useAnswer(firstLook, []);
  useLooks(order, refusal, again);
  useEffect(() => {
    if (refusal?.status === 401) goToSignIn();
  }, [refusal]);
  return (
    <Page title={texts.sale.order.title}>
      {!order && <Refused refusal={refusal} />}
      {!order && !refusal && <Loading />}
      {order && <OrderCard order={order} set={set} />}
    </Page>
  );
}

// Who comes back from paying does not wait for the provider's message: the server asks. What the provider
// put into the address goes out of it.
function firstLook(): Promise<Order> {
  const id = partOfPath(1);
  if (!inQuery('back')) return askOrder(id);
  history.replaceState(null, '', `/orders/${id}`);
  return lookAtOrder(id).catch(() => askOrder(id));
}

// Asks again and again, slower and slower, while something may still happen and somebody is looking.
function useLooks(order: Order | null, refusal: unknown, again: () => void): void {
  const looks = useRef(0);
  useEffect(() => {
    const delay = order && nextLookMs(order, looks.current++, Math.random());
    if (delay === null) return;
    const look = () => {
      if (!document.hidden) again();
    };
    const timer = setTimeout(look, delay);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [order, refusal, again]); // also after a look that failed
}

function OrderCard({ order, set }: { order: Order; set(order: Order): void }) {
  const { texts, language } = useTexts();
  const words = texts.sale.order;
  const { answer: event } = useAnswer(() => askEvent(order.event.slug), [order.event.slug]);
  const zone = event?.zone ?? viewersZone();
  const good = order.state === 'fulfilled';
  return (
    <section class={`card order ${good ? 'order-good' : ''}`}>
      <div role="status">
        <h1>{words.states[order.state]}</h1>
        <p>{words.notes[refundFailed(order) ? 'refund_failed' : order.state]}</p>
      </div>
      {order.state === 'pending_payment' && order.payment?.method === 'konbini' && (
        <Konbini order={order} zone={zone} />
      )}
      <OrderActs order={order} set={set} />
      <dl class="rows">
        <div>
          <dt>{texts.sale.buy.event}</dt>
          <dd>
            <a href={`/e/${order.event.slug}`}>{textOf(order.event.title, language)}</a>
            <br />
            {textOf(order.ticket_type.title, language)} · {texts.sale.buy.pieces(order.quantity)}
          </dd>
        </div>
        <div>
          <dt>{texts.sale.buy.rows.total}</dt>
          <dd>
            {moneyText(order.total, language)} {texts.sale.event.taxIncluded}
          </dd>
        </div>
        <div>
          <dt>{words.ordered}</dt>
          <dd>
            <Moment at={order.created} zone={zone} />
          </dd>
        </div>
        <div>
          <dt>{words.number}</dt>
          <dd>
            <code>{order.id}</code>
          </dd>
        </div>
      </dl>
    </section>
  );
}

function OrderActs({ order, set }: { order: Order; set(order: Order): void }) {
  const { texts } = useTexts();
  const words = texts.sale.order;
  const { busy, refusal, run } = useAct();
  const open = order.state === 'held' || order.state === 'pending_payment';
  const cancel = () => run(async () => set(await cancelOrder(order.id)));
  return (
    <div class="acts">
      {order.state === 'fulfilled' && (
        <a class="button button-main" href="/tickets">
          {words.toTickets}
        </a>
      )}
      {order.state === 'fulfilled' && order.total.amount > 0 && (
        <a class="button" href={`/orders/${order.id}/receipt`}>
          {texts.legal.receipt.title}
        </a>
      )}
      {order.state === 'held' && (
        <a class="button button-main" href={`/e/${order.event.slug}/buy?order=${order.id}`}>
          {words.finish}
        </a>
      )}
      {order.state === 'pending_payment' && order.payment?.pay_url && !order.payment.number && (
        <a class="button button-main" href={order.payment.pay_url}>
          {words.payAgain}
        </a>
      )}
      {['expired', 'cancelled'].includes(order.state) && (
        <a class="button button-main" href={`/e/${order.event.slug}`}>
          {words.again}
        </a>
      )}
      {open && (
        <button class="button" disabled={busy} onClick={() => void cancel()}>
          {words.cancel}
        </button>
      )}
      <Refused refusal={refusal} />
    </div>
  );
}

function Konbini({ order, zone }: { order: Order; zone: string }) {
  const words = useTexts().texts.sale.order;
  const [copied, setCopied] = useState(false);
  const number = order.payment?.number ?? '';
  const deadline = order.payment?.store_deadline ?? order.pay_until;
  if (!number) return null;
  return (
    <div class="konbini">
      <h2>{words.konbini}</h2>
      <p class="fine">{words.konbiniNumber}</p>
      <p class="konbini-number">
        <output>{number}</output>
        <button
          class="button"
          onClick={() => void navigator.clipboard?.writeText(number).then(() => setCopied(true))}
        >
          {copied ? words.copied : words.copy}
        </button>
      </p>
      {deadline && (
        <p>
          <b>{words.konbiniUntil}</b> <Moment at={deadline} zone={zone} />
        </p>
      )}
      {order.payment?.pay_url && !order.payment.pay_url.startsWith('/') && (
        <a class="button" href={order.payment.pay_url} target="_blank" rel="noopener">
          {words.voucher}
        </a>
      )}
      <p class="fine">{words.konbiniHow}</p>
    </div>
  );
}

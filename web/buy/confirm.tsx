// The last screen before the order. It names what Japanese law wants there (Act on Specified Commercial
// Transactions, article 12-6): quantity, price, time and way of payment, delivery, period, cancellation.

import { useEffect, useRef, useState } from 'preact/hooks';
import { clockText } from '../format/countdown';
import { moneyText } from '../format/money';
import {
  cancelOrder,
  confirmOrder,
  type Method,
  type Order,
  type SaleEvent,
  type TicketType,
} from '../server/sale';
import { useAct } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Moment, Notice, Refused } from '../theme/sale';

interface Properties {
  event: SaleEvent;
  type: TicketType;
  order: Order;
  method: Method;
}

export function Confirm({ event, type, order, method }: Properties) {
  const { texts, language } = useTexts();
  const words = texts.sale.buy;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []); // a new screen: readers begin at its top
  const leftMs = useLeftMs(order.hold_until, event.aheadMs);
  const { busy, refusal, run } = useAct();
  const again = `/e/${event.slug}/buy?type=${encodeURIComponent(type.id)}`;
  const pay = () =>
    run(async () => {
      const { order: confirmed, pay_url } = await confirmOrder(order.id, method);
      // A store's number stands on our own page; a card is typed at the provider's.
      const stays = !pay_url || confirmed.payment?.number;
      location.href = stays ? `/orders/${order.id}` : pay_url;
    });
  const change = () =>
    run(async () => {
      await cancelOrder(order.id);
      location.replace(again);
    });
  if (leftMs !== null && leftMs <= 0) {
    return (
      <Notice kind="warn">
        <p>{words.heldOver}</p>
        <a class="button" href={again}>
          {words.chooseAgain}
        </a>
      </Notice>
    );
  }
  return (
    <section class="card">
      <h1 ref={heading} tabIndex={-1}>
        {words.confirmTitle}
      </h1>
      <p class="fine">{words.confirmLead}</p>
      <SixItems {...{ event, type, order, method }} />
      <Refused refusal={refusal} />
      {leftMs !== null && (
        <p class="held" role="timer">
          {words.heldUntil(clockText(leftMs))}
        </p>
      )}
      <button class="button button-main button-wide" disabled={busy} onClick={() => void pay()}>
        {method === 'card' && words.pay(moneyText(order.total, language))}
        {method === 'konbini' && words.reserve}
        {method === 'free' && words.take}
      </button>
      <button class="link" disabled={busy} onClick={() => void change()}>
        {words.back}
      </button>
    </section>
  );
}

function SixItems({ event, type, order, method }: Properties) {
  const { texts, language } = useTexts();
  const words = texts.sale.buy;
  const first = event.performances.find(({ id }) => type.performances.includes(id));
  return (
    <dl class="rows">
      <div>
        <dt>{words.event}</dt>
        <dd>
          <b>{textOf(event.title, language)}</b>
          <br />
          {textOf(type.title, language)}
        </dd>
      </div>
      <div>
        <dt>{words.rows.quantity}</dt>
        <dd>{words.pieces(order.quantity)}</dd>
      </div>
      <div>
        <dt>{words.rows.total}</dt>
        <dd>
          <b class="amount">{moneyText(order.total, language)}</b>{' '}
          {words.tax(moneyText(order.tax, language), type.tax_rate)}
        </dd>
      </div>
      <div>
        <dt>{words.rows.payment}</dt>
        <dd>{words.payWhen[method]}</dd>
      </div>
      <div>
        <dt>{words.rows.delivery}</dt>
        <dd>
          {words.delivery[method]}
          {first && (
            <>
              <br />
              {words.deliveryWatch}: <Moment at={first.doors} zone={event.zone} />
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>{words.rows.period}</dt>
        <dd>
          {type.sale_until ? <Moment at={type.sale_until} zone={event.zone} /> : words.untilSoldOut}
        </dd>
      </div>
      <div>
        <dt>{words.rows.cancellation}</dt>
        <dd>{words.cancellation}</dd>
      </div>
    </dl>
  );
}

// Until `moment` by the server's clock, each second; null without one.
function useLeftMs(moment: string | null, aheadMs: number): number | null {
  const end = moment ? Date.parse(moment) : null;
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return end === null ? null : end - (now + aheadMs);
}

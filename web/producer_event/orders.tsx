// Who bought, page by page, and the refund of one order.

import { useState } from 'preact/hooks';
import { moneyText } from '../format/money';
import { momentText } from '../format/zone';
import {
  eventOrders,
  refundOrder,
  type ProducerEvent,
  type ProducerOrder,
} from '../server/producer';
import { refundFailed } from '../server/sale';
import { useAct, useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { AskFirst } from '../theme/ask_first';
import { Loading, Refused } from '../theme/sale';

export function Orders({ event }: { event: ProducerEvent }) {
  const words = useTexts().texts.producer;
  const [after, setAfter] = useState('');
  const [earlier, setEarlier] = useState<ProducerOrder[]>([]);
  const { answer, refusal, set } = useAnswer(() => eventOrders(event.id, after), [event.id, after]);
  const page = answer?.orders ?? [];
  const next = answer?.next;
  const changed = (order: Pick<ProducerOrder, 'id' | 'state'>) => {
    const swap = (list: ProducerOrder[]) =>
      list.map((one) => (one.id === order.id ? { ...one, ...order } : one));
    setEarlier(swap(earlier));
    if (answer) set({ ...answer, orders: swap(page) });
  };
  const all = [...earlier, ...page.filter(({ id }) => !earlier.some((one) => one.id === id))];
  return (
    <section class="card" aria-labelledby="orders">
      <h2 id="orders">{words.orders}</h2>
      <Refused refusal={refusal} />
      {!answer && !refusal && <Loading />}
      {answer && all.length === 0 && <p class="fine">{words.noOrders}</p>}
      {all.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="orders">
          <table>
            <thead>
              <tr>
                <th scope="col">{words.when}</th>
                <th scope="col">{words.buyer}</th>
                <th scope="col">{words.ticket}</th>
                <th scope="col">{words.total}</th>
                <th scope="col">{words.orderState}</th>
                <th scope="col" title={words.missedHelp}>
                  {words.missed}
                </th>
                <th scope="col">{words.act}</th>
              </tr>
            </thead>
            <tbody>
              {all.map((order) => (
                <OrderRow key={order.id} order={order} zone={event.zone} changed={changed} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {next && (
        <button
          class="button"
          type="button"
          onClick={() => {
            setEarlier(all);
            setAfter(next);
          }}
        >
          {words.more}
        </button>
      )}
    </section>
  );
}

// Minutes with one digit; nothing where nothing was missed.
function missedText({ missed }: ProducerOrder, words: (a: string, b: string) => string): string {
  if (!missed || missed.without_picture_s + missed.not_delivered_s === 0) return '–';
  const minutes = (seconds: number) => (seconds / 60).toFixed(1);
  return words(minutes(missed.without_picture_s), minutes(missed.not_delivered_s));
}

interface RowProperties {
  order: ProducerOrder;
  zone: string;
  changed(order: Pick<ProducerOrder, 'id' | 'state'>): void;
}

function OrderRow({ order, zone, changed }: RowProperties) {
  const { texts, language } = useTexts();
  const words = texts.producer;
  const { busy, refusal, run } = useAct();
  const total = moneyText(order.total, language);
  const paid = order.state === 'paid' || order.state === 'fulfilled';
  const failed = refundFailed(order);
  return (
    <tr>
      <td>{momentText(zone, Date.parse(order.created), language)}</td>
      <td>{order.buyer || '–'}</td>
      <td>
        {textOf(order.ticket_type.title, language)} × {order.quantity}
      </td>
      <td class="number">{total}</td>
      <td>
        {texts.sale.order.states[order.state]}
        {failed && <strong role="status"> {words.refundFailed}</strong>}
      </td>
      <td class="number">{missedText(order, words.missedMinutes)}</td>
      <td>
        {(paid || failed) && (
          <AskFirst
            question={words.refundAsk(total)}
            disabled={busy}
            act={() => void run(async () => changed(await refundOrder(order.id)))}
          >
            {words.refund}
          </AskFirst>
        )}
        <Refused refusal={refusal} />
      </td>
    </tr>
  );
}

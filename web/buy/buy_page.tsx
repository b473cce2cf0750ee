// Buying, in two steps: choose, which holds the seats; then the last screen before the order.
// ?type= names the ticket type; ?order= the held order, so that a reload comes back to the last screen.

import { useEffect, useState } from 'preact/hooks';
import { goToSignIn, inQuery, partOfPath } from '../server/address';
import { getSession } from '../server/ask';
import { event as askEvent, order as askOrder, type Method, type Order } from '../server/sale';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Loading, Notice, Page, Refused } from '../theme/sale';
import { Choose } from './choose';
import { Confirm } from './confirm';

export function BuyPage() {
  const { texts } = useTexts();
  const slug = partOfPath(1);
  const { answer: event, refusal } = useAnswer(() => askEvent(slug), [slug]);
  const held = useAnswer(heldOrder, []);
  const [method, setMethod] = useState<Method | null>(null);
  const { answer: session, refusal: noSession } = useAnswer(getSession, []);

  useEffect(() => {
    if (session && !session.account) goToSignIn();
  }, [session]);

  const chosen = (order: Order, how: Method) => {
    history.pushState(null, '', `/e/${slug}/buy?order=${order.id}&method=${how}`);
    setMethod(how);
    held.set(order);
    scrollTo(0, 0);
  };
  useEffect(() => {
    const back = () => location.reload();
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);

  const trouble = refusal ?? noSession ?? held.refusal;
  const order = held.answer;
  const type = event?.ticket_types.find(
    ({ id }) => id === (order?.ticket_type.id ?? inQuery('type')),
  );
  return (
    <Page title={texts.sale.buy.title}>
      <Refused refusal={trouble} />
      {!trouble && !(event && session?.account) && <Loading />}
      {event && !type && <Notice kind="bad">{texts.problems['sale-closed']}</Notice>}
      {event && type && session?.account && !order && (
        <Choose event={event} type={type} chosen={chosen} />
      )}
      {event && type && order && (
        <Confirm
          event={event}
          type={type}
          order={order}
          method={method ?? (inQuery('method') as Method | null) ?? type.payments[0] ?? 'free'}
        />
      )}
    </Page>
  );
}

async function heldOrder(): Promise<Order | null> {
  const id = inQuery('order');
  if (!id) return null;
  const order = await askOrder(id);
  if (order.state !== 'held') location.replace(`/orders/${order.id}`);
  return order;
}

// Where the buyer pays: the payment provider's own form, on our page. What is typed there never comes to
// this server. When it is done, the order's page takes over and turns to paid by itself.

import { useEffect, useRef, useState } from 'preact/hooks';
import { moneyText } from '../format/money';
import { goToSignIn, partOfPath } from '../server/address';
import { asRefusal } from '../server/ask';
import { order as askOrder, paymentOf, type Paying } from '../server/sale';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Loading, Notice, Page } from '../theme/sale';
import { mountElement } from './element';

const kLookAgainMs = 2000; // while the provider makes the payment

export function PayPage() {
  const { texts } = useTexts();
  const id = partOfPath(1);
  const [paying, setPaying] = useState<Paying | null>(null);
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    let timer = 0;
    const look = async () => {
      try {
        setPaying(await paymentOf(id));
      } catch (error) {
        const refusal = asRefusal(error);
        if (refusal.status === 401) return goToSignIn();
        if (refusal.problem !== 'not-possible') return setTrouble(refusal.detail || texts.failed);
        const { state } = await askOrder(id);
        if (state !== 'pending_payment') return location.replace(`/orders/${id}`);
        timer = window.setTimeout(() => void look(), kLookAgainMs);
      }
    };
    void look().catch(() => setTrouble(texts.unreachable));
    return () => clearTimeout(timer);
  }, [id]);
  return (
    <Page title={texts.sale.pay.title}>
      {trouble && <Notice kind="bad">{trouble}</Notice>}
      {!trouble && !paying && <Loading />}
      {paying && <PayCard paying={paying} />}
    </Page>
  );
}

function PayCard({ paying }: { paying: Paying }) {
  const { texts, language } = useTexts();
  const words = texts.sale.pay;
  const { order } = paying;
  const place = useRef<HTMLDivElement>(null);
  const pay = useRef<((returnUrl: string) => Promise<string | null>) | null>(null);
  const [ready, setReady] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    mountElement(place.current!, { ...paying, language }).then(
      (made) => {
        pay.current = made;
        setReady(true);
      },
      () => setTrouble(words.noForm),
    );
  }, []);
  const submit = async () => {
    if (!pay.current || busy) return;
    setBusy(true);
    setTrouble('');
    const wrong = await pay
      .current(`${location.origin}/orders/${order.id}?back=1`)
      .catch(() => words.noForm);
    if (wrong === null) return location.replace(`/orders/${order.id}?back=1`);
    setTrouble(wrong || words.declined);
    setBusy(false);
  };
  return (
    <form
      class="card"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        void submit();
      }}
    >
      <h1>{words.title}</h1>
      <p>
        {textOf(order.event.title, language)} · {textOf(order.ticket_type.title, language)} ·{' '}
        {texts.sale.buy.pieces(order.quantity)}
      </p>
      <div class="element" ref={place} />
      {!ready && !trouble && <Loading />}
      {trouble && <Notice kind="bad">{trouble}</Notice>}
      <button class="button button-main button-wide" type="submit" disabled={!ready || busy}>
        {order.payment?.method === 'konbini'
          ? texts.sale.buy.reserve
          : texts.sale.buy.pay(moneyText(order.total, language))}
      </button>
      <a class="link" href={`/orders/${order.id}`}>
        {words.back}
      </a>
    </form>
  );
}

// The receipt of one order (適格簡易請求書): the buyer types whom it is for, and prints it.

import { useEffect, useState } from 'preact/hooks';
import { moneyText } from '../format/money';
import { dateText, viewersZone } from '../format/zone';
import { goToSignIn, partOfPath } from '../server/address';
import {
  issueReceipt,
  legal as askLegal,
  receipt as askReceipt,
  type Receipt,
} from '../server/legal';
import { useAct, useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Loading, Page, Refused } from '../theme/sale';

export function ReceiptPage() {
  const { texts } = useTexts();
  const id = partOfPath(1);
  const { answer, refusal, set } = useAnswer(() => askReceipt(id), []);
  useEffect(() => {
    if (refusal?.status === 401) goToSignIn();
  }, [refusal]);
  return (
    <Page title={texts.legal.receipt.title}>
      <Refused refusal={refusal} />
      {!answer && !refusal && <Loading />}
      {answer?.receipt && <Paper receipt={answer.receipt} />}
      {answer && <Issue id={id} receipt={answer.receipt} set={(receipt) => set({ receipt })} />}
    </Page>
  );
}

interface IssueProperties {
  id: string;
  receipt: Receipt | null;
  set(receipt: Receipt): void;
}

function Issue({ id, receipt, set }: IssueProperties) {
  const words = useTexts().texts.legal.receipt;
  const [addressee, setAddressee] = useState(receipt?.addressee ?? '');
  const { busy, refusal, run } = useAct();
  const submit = () => run(async () => set((await issueReceipt(id, addressee)).receipt));
  return (
    <form
      class="card issue"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        void submit();
      }}
    >
      <div class="field">
        <label for="addressee">{words.addressee}</label>
        <input
          id="addressee"
          required
          maxLength={100}
          autocomplete="name"
          aria-describedby="addressee-help"
          value={addressee}
          onInput={(typed) => setAddressee(typed.currentTarget.value)}
        />
        <small id="addressee-help">{words.help}</small>
      </div>
      <Refused refusal={refusal} />
      <button class="button" type="submit" disabled={busy}>
        {receipt ? words.again : words.issue}
      </button>
      {receipt && (
        <button class="button button-main" type="button" onClick={() => print()}>
          {words.print}
        </button>
      )}
      <a class="link" href={`/orders/${id}`}>
        {words.back}
      </a>
    </form>
  );
}

function Paper({ receipt }: { receipt: Receipt }) {
  const { texts, language } = useTexts();
  const words = texts.legal.receipt;
  const { answer: legal } = useAnswer(askLegal, []);
  return (
    <article class="card receipt">
      <header>
        <h1>{words.title}</h1>
        {receipt.reissued && <span class="mark">{words.reissued}</span>}
        <small>
          {words.number} {receipt.number}
        </small>
      </header>
      <p class="addressee">{words.honorific(receipt.addressee)}</p>
      <p class="sum">{moneyText(receipt.total, language)}</p>
      <p>{words.received}</p>
      <p>
        {textOf(receipt.event.title, language)} {textOf(receipt.ticket_type.title, language)} ×{' '}
        {receipt.quantity}
      </p>
      <dl class="rows">
        <div>
          <dt>{words.rate(receipt.tax_rate)}</dt>
          <dd>{moneyText(receipt.total, language)}</dd>
        </div>
        <div>
          <dt>{words.tax}</dt>
          <dd>{moneyText(receipt.tax, language)}</dd>
        </div>
        <div>
          <dt>{words.date}</dt>
          <dd>{dateText(viewersZone(), Date.parse(receipt.issued), language)}</dd>
        </div>
        <div>
          <dt>{texts.sale.buy.payment}</dt>
          <dd>{texts.sale.buy.methods[receipt.method as 'card' | 'konbini']}</dd>
        </div>
      </dl>
      {legal && (
        <address>
          {textOf(legal.seller, language)}
          {'\n'}
          {textOf(legal.address, language)}
          {receipt.registration_number &&
            `\n${texts.legal.registration} ${receipt.registration_number}`}
        </address>
      )}
    </article>
  );
}

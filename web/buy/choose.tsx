// The first step: how many, how to pay. Says when this device has not passed the test playback.

import { useState } from 'preact/hooks';
import { moneyText } from '../format/money';
import { deviceName } from '../server/device';
import {
  holdOrder,
  reports as askReports,
  type Method,
  type Order,
  type SaleEvent,
  type TicketType,
} from '../server/sale';
import { useAct, useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Artwork, Notice, Refused } from '../theme/sale';

interface Properties {
  event: SaleEvent;
  type: TicketType;
  chosen(order: Order, method: Method): void;
}

export function Choose({ event, type, chosen }: Properties) {
  const { texts, language } = useTexts();
  const words = texts.sale.buy;
  const methods: Method[] = type.price.amount === 0 ? ['free'] : type.payments;
  const [quantity, setQuantity] = useState(1);
  const [method, setMethod] = useState<Method>(methods[0] ?? 'card');
  const [code, setCode] = useState('');
  const { busy, refusal, run } = useAct();
  const total = { ...type.price, amount: type.price.amount * quantity };
  const submit = () =>
    run(async () => {
      const wish = { ticket_type: type.id, quantity, ...(type.code_needed ? { code } : {}) };
      chosen(await holdOrder(wish), method);
    });
  return (
    <form
      class="card"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        void submit();
      }}
    >
      <div class="what">
        <Artwork src={event.artwork} name={event.slug} alt="" />
        <div>
          <h1>{textOf(event.title, language)}</h1>
          <p>{textOf(type.title, language)}</p>
        </div>
      </div>
      <Untested event={event} type={type} />
      <Quantity type={type} quantity={quantity} set={setQuantity} />
      {type.code_needed && (
        <div class="field">
          <label for="code">{words.code}</label>
          <input
            id="code"
            required
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            maxLength={64}
            value={code}
            onInput={(typed) => setCode(typed.currentTarget.value.trim())}
          />
        </div>
      )}
      {methods.length > 1 && (
        <fieldset class="field choices">
          <legend>{words.payment}</legend>
          {methods.map((name) => (
            <label key={name} class="choice">
              <input
                type="radio"
                name="method"
                checked={method === name}
                onChange={() => setMethod(name)}
              />
              <span>
                <b>{words.methods[name]}</b>
                <small>{words.methodHelp[name]}</small>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <p class="total" aria-live="polite">
        <span>{words.rows.total}</span>
        <b>{moneyText(total, language)}</b>
        <small>{texts.sale.event.taxIncluded}</small>
      </p>
      <Refused refusal={refusal} />
      <button class="button button-main button-wide" type="submit" disabled={busy}>
        {words.onward}
      </button>
    </form>
  );
}

interface QuantityProperties {
  type: TicketType;
  quantity: number;
  set(quantity: number): void;
}

function Quantity({ type, quantity, set }: QuantityProperties) {
  const words = useTexts().texts.sale.buy;
  if (type.per_account <= 1) return null;
  const numbers = Array.from({ length: Math.min(type.per_account, 10) }, (_, index) => index + 1);
  return (
    <div class="field">
      <label for="quantity">{words.quantity}</label>
      <select
        id="quantity"
        aria-describedby="quantity-help"
        onChange={(event) => set(Number(event.currentTarget.value))}
      >
        {numbers.map((number) => (
          <option key={number} value={number} selected={number === quantity}>
            {words.pieces(number)}
          </option>
        ))}
      </select>
      <small id="quantity-help">{words.perAccount(type.per_account)}</small>
    </div>
  );
}

function Untested({ event, type }: { event: SaleEvent; type: TicketType }) {
  const words = useTexts().texts.sale.test;
  const { answer } = useAnswer(() => askReports().catch(() => []), []);
  const device = deviceName(navigator.userAgent);
  const passed = answer?.some(
    (report) =>
      report.passed && report.device === device && type.performances.includes(report.performance),
  );
  if (answer === null || passed) return null;
  return (
    <Notice kind="warn">
      <p>{words.untested}</p>
      <a href={`/e/${event.slug}/test?type=${encodeURIComponent(type.id)}`}>{words.untestedLink}</a>
    </Notice>
  );
}

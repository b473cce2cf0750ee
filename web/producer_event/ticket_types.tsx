// What is sold: price, number, limits, when, and for which performances.

import { dayOf, typedTime } from '../format/typed_time';
import type { ProducerEvent } from '../server/producer';
import type { Method } from '../server/sale';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Field } from '../theme/field';
import { Codes } from './codes';
import type { Draft, TicketTypeDraft } from './draft';
import { Names } from './names';

interface Properties {
  draft: Draft;
  change(part: Partial<Draft>): void;
  event: ProducerEvent;
}

export function TicketTypes({ draft, change, event }: Properties) {
  const words = useTexts().texts.producer;
  const put = (ticketTypes: TicketTypeDraft[]) => change({ ticketTypes });
  const performances = event.performances.map(({ id }) => id);
  const moment = (instant: number) => {
    const day = dayOf(instant, draft.zone);
    return { day, time: typedTime(instant, day, draft.zone) };
  };
  const add = () => {
    const end = Math.max(...event.performances.map((one) => Date.parse(one.end)));
    const window = { saleFrom: moment(Date.now()), saleUntil: moment(end) };
    put([...draft.ticketTypes, { ...structuredClone(kNew), ...window, performances }]);
  };
  return (
    <section class="card" aria-labelledby="types">
      <h2 id="types">{words.ticketTypes}</h2>
      {draft.ticketTypes.map((type, index) => (
        <TypeFields
          key={type.id ?? index}
          {...{ index, type, event }}
          change={(part) =>
            put(draft.ticketTypes.map((one, at) => (at === index ? { ...one, ...part } : one)))
          }
          remove={() => put(draft.ticketTypes.filter((_, at) => at !== index))}
        />
      ))}
      {performances.length > 0 ? (
        <button class="button" type="button" onClick={add}>
          {words.addTicketType}
        </button>
      ) : (
        <p class="fine">{words.saveFirst}</p>
      )}
    </section>
  );
}

const kNew: TicketTypeDraft = {
  title: {},
  price: '',
  currency: 'JPY',
  taxRate: '10',
  capacity: '',
  devices: '1',
  perAccount: '4',
  performances: [],
  saleFrom: { day: '', time: '' },
  saleUntil: { day: '', time: '' },
  codeNeeded: false,
  payments: ['card', 'konbini'],
};

interface FieldsProperties {
  index: number;
  type: TicketTypeDraft;
  event: ProducerEvent;
  change(part: Partial<TicketTypeDraft>): void;
  remove(): void;
}

type PlainName = 'price' | 'currency' | 'taxRate' | 'capacity' | 'devices' | 'perAccount';

function TypeFields({ index, type, event, change, remove }: FieldsProperties) {
  const { texts, language } = useTexts();
  const words = texts.producer;
  const id = (name: string) => `type-${index}-${name}`;
  const plain = (name: PlainName) => (
    <Field
      id={id(name)}
      label={words[name]}
      inputMode={name === 'currency' ? 'text' : 'decimal'}
      maxLength={64}
      value={type[name]}
      set={(value) => change({ [name]: value })}
    />
  );
  const window = (name: 'saleFrom' | 'saleUntil') => (
    <>
      <Field
        id={id(`${name}-day`)}
        label={words[name]}
        type="date"
        value={type[name].day}
        set={(day) => change({ [name]: { ...type[name], day } })}
      />
      <Field
        id={id(`${name}-time`)}
        label={`${words[name]}: ${words.time}`}
        maxLength={5}
        placeholder="10:00"
        value={type[name].time}
        set={(time) => change({ [name]: { ...type[name], time } })}
      />
    </>
  );
  return (
    <fieldset class="sub">
      <legend>{words.ticketType(index + 1)}</legend>
      <Names id={id} words={words} title={type.title} set={(title) => change({ title })} />
      <div class="fields fields-small">
        {plain('price')}
        {plain('currency')}
        {plain('taxRate')}
        {plain('capacity')}
        {plain('perAccount')}
        {plain('devices')}
        {window('saleFrom')}
        {window('saleUntil')}
      </div>
      <Checks
        legend={words.forWhich}
        names={event.performances.map((one, at) => [
          one.id,
          textOf(one.title, language) || words.performance(at + 1),
        ])}
        chosen={type.performances}
        set={(performances) => change({ performances })}
      />
      <Checks
        legend={words.payments}
        names={(['card', 'konbini'] as Method[]).map((name) => [
          name,
          texts.sale.buy.methods[name],
        ])}
        chosen={type.payments}
        set={(payments) => change({ payments: payments as Method[] })}
      />
      <Checks
        legend={words.code}
        names={[['code', words.codeNeeded]]}
        chosen={type.codeNeeded ? ['code'] : []}
        set={(chosen) => change({ codeNeeded: chosen.length > 0 })}
      />
      {type.id && type.codeNeeded && <Codes event={event} type={type.id} />}
      <button class="link" type="button" onClick={remove}>
        {words.remove}
      </button>
    </fieldset>
  );
}

interface ChecksProperties {
  legend: string;
  names: [string, string][];
  chosen: string[];
  set(chosen: string[]): void;
}

function Checks({ legend, names, chosen, set }: ChecksProperties) {
  return (
    <fieldset class="checks-row">
      <legend>{legend}</legend>
      {names.map(([value, name]) => (
        <label key={value}>
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={(event) =>
              set(
                event.currentTarget.checked
                  ? [...chosen, value]
                  : chosen.filter((one) => one !== value),
              )
            }
          />{' '}
          {name}
        </label>
      ))}
    </fieldset>
  );
}

// The performances of an event: day and times as broadcasters type them, and the channels.

import { useTexts } from '../texts/language';
import { Field } from '../theme/field';
import type { Draft, PerformanceDraft } from './draft';
import { Names } from './names';

interface Properties {
  draft: Draft;
  change(part: Partial<Draft>): void;
}

export function Performances({ draft, change }: Properties) {
  const words = useTexts().texts.producer;
  const put = (performances: PerformanceDraft[]) => change({ performances });
  const add = () => {
    const last = draft.performances.at(-1);
    const { id: _, ...copy } = last ?? kNew;
    put([...draft.performances, structuredClone(copy)]);
  };
  return (
    <section class="card" aria-labelledby="performances">
      <h2 id="performances">{words.performances}</h2>
      <p class="fine">{words.timeHelp}</p>
      {draft.performances.map((performance, index) => (
        <PerformanceFields
          key={performance.id ?? index}
          index={index}
          performance={performance}
          change={(part) =>
            put(draft.performances.map((one, at) => (at === index ? { ...one, ...part } : one)))
          }
          remove={() => put(draft.performances.filter((_, at) => at !== index))}
        />
      ))}
      <button class="button" type="button" onClick={add}>
        {words.addPerformance}
      </button>
    </section>
  );
}

const kNew: PerformanceDraft = {
  title: {},
  day: '',
  doors: '18:30',
  start: '19:00',
  end: '21:00',
  channels: 'main',
};

interface FieldsProperties {
  index: number;
  performance: PerformanceDraft;
  change(part: Partial<PerformanceDraft>): void;
  remove(): void;
}

function PerformanceFields({ index, performance, change, remove }: FieldsProperties) {
  const words = useTexts().texts.producer;
  const id = (name: string) => `performance-${index}-${name}`;
  const time = (name: 'doors' | 'start' | 'end') => (
    <Field
      id={id(name)}
      label={words[name]}
      inputMode="numeric"
      maxLength={5}
      placeholder="25:30"
      value={performance[name]}
      set={(value) => change({ [name]: value })}
    />
  );
  return (
    <fieldset class="sub">
      <legend>{words.performance(index + 1)}</legend>
      <Names id={id} words={words} title={performance.title} set={(title) => change({ title })} />
      <div class="fields fields-small">
        <Field
          id={id('day')}
          label={words.day}
          type="date"
          value={performance.day}
          set={(day) => change({ day })}
        />
        {time('doors')}
        {time('start')}
        {time('end')}
      </div>
      <Field
        id={id('channels')}
        label={words.channels}
        help={words.channelsHelp}
        value={performance.channels}
        set={(channels) => change({ channels })}
      />
      <button class="link" type="button" onClick={remove}>
        {words.remove}
      </button>
    </fieldset>
  );
}

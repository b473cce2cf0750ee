// The states of an event in their order, the one step onward with what it does, and moving its times.

import { useState } from 'preact/hooks';
import { delayEvent, moveEvent, type ProducerEvent } from '../server/producer';
import type { EventState } from '../server/sale';
import { useAct } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { AskFirst } from '../theme/ask_first';
import { Field } from '../theme/field';
import { Notice, Refused } from '../theme/sale';

const kStates: EventState[] = [
  'draft',
  'announced',
  'on_sale',
  'doors_open',
  'live',
  'ended',
  'closed',
];

interface Properties {
  event: ProducerEvent;
  set(event: ProducerEvent): void;
}

export function Steps({ event, set }: Properties) {
  const { texts } = useTexts();
  const words = texts.producer;
  const { busy, refusal, run } = useAct();
  const now = kStates.indexOf(event.state);
  const next = kStates[now + 1];
  const move = () => void run(async () => set(await moveEvent(event.id, next!)));
  const canMove = ['announced', 'on_sale', 'doors_open', 'live'].includes(event.state);
  return (
    <section class="card" aria-labelledby="state">
      <h2 id="state">{words.state}</h2>
      <ol class="steps">
        {kStates.map((state, index) => (
          <li
            key={state}
            class={index < now ? 'step-done' : index === now ? 'step-now' : ''}
            aria-current={index === now ? 'step' : undefined}
          >
            {state === 'closed' ? words.closedStep : texts.sale.states[state]}
          </li>
        ))}
      </ol>
      <p>{words.steps[event.state]}</p>
      {next && (
        <div class="acts">
          {next === 'ended' || next === 'closed' ? (
            <AskFirst question={words.ask[next]} disabled={busy} main act={move}>
              {words.next[event.state]}
            </AskFirst>
          ) : (
            <button class="button button-main" disabled={busy} onClick={move}>
              {words.next[event.state]}
            </button>
          )}
          <span class="fine">→ {words.steps[next]}</span>
        </div>
      )}
      <Refused refusal={refusal} />
      {canMove && event.performances.length > 0 && <Delay event={event} set={set} />}
    </section>
  );
}

type Which = 'both' | 'start' | 'end';

function Delay({ event, set }: Properties) {
  const { texts, language } = useTexts();
  const words = texts.producer;
  const [performance, setPerformance] = useState(event.performances[0]!.id);
  const [which, setWhich] = useState<Which>('both');
  const [minutes, setMinutes] = useState('15');
  const [moved, setMoved] = useState(false);
  const { busy, refusal, run } = useAct();
  const move = () =>
    run(async () => {
      setMoved(false);
      set(await delayEvent(event.id, { performance, minutes: Number(minutes), which }));
      setMoved(true);
    });
  return (
    <details class="delay">
      <summary>{words.delay}</summary>
      <p class="fine">{words.delayHelp}</p>
      <form
        class="fields"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          void move();
        }}
      >
        {event.performances.length > 1 && (
          <div class="field">
            <label for="delay-performance">{words.performances}</label>
            <select
              id="delay-performance"
              onChange={(chosen) => setPerformance(chosen.currentTarget.value)}
            >
              {event.performances.map((one, index) => (
                <option key={one.id} value={one.id} selected={one.id === performance}>
                  {textOf(one.title, language) || words.performance(index + 1)}
                </option>
              ))}
            </select>
          </div>
        )}
        <div class="field">
          <label for="delay-which">{words.delay}</label>
          <select
            id="delay-which"
            onChange={(chosen) => setWhich(chosen.currentTarget.value as Which)}
          >
            {(['both', 'start', 'end'] as Which[]).map((name) => (
              <option key={name} value={name} selected={name === which}>
                {words.which[name]}
              </option>
            ))}
          </select>
        </div>
        <Field
          id="delay-minutes"
          label={words.minutes}
          type="number"
          min={1}
          max={1440}
          required
          value={minutes}
          set={setMinutes}
        />
        <button class="button" type="submit" disabled={busy}>
          {words.move}
        </button>
      </form>
      {moved && <Notice kind="good">{words.moved}</Notice>}
      <Refused refusal={refusal} />
    </details>
  );
}

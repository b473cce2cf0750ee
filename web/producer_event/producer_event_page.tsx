// One event for its producer: its state and next step, its times, what is sold, who bought.

import { useEffect, useState } from 'preact/hooks';
import { goToSignIn, partOfPath } from '../server/address';
import { deleteEvent, producerEvent, saveEvent, type ProducerEvent } from '../server/producer';
import { useAct, useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { AskFirst } from '../theme/ask_first';
import { Loading, Notice, Page, Refused } from '../theme/sale';
import { draftOf, isWrong, wishOf, type Draft, type Wrong } from './draft';
import { ArtworkField, Details } from './details';
import { Destroyed } from './destroyed';
import { Orders } from './orders';
import { Performances } from './performances';
import { Sales } from './sales';
import { Steps } from './steps';
import { TicketTypes } from './ticket_types';

export function ProducerEventPage() {
  const { texts, language } = useTexts();
  const words = texts.producer;
  const { answer: event, refusal, set } = useAnswer(() => producerEvent(partOfPath(2)), []);
  useEffect(() => {
    if (refusal?.status === 401) goToSignIn();
  }, [refusal]);
  if (!event) {
    return (
      <Page title={words.title}>
        {refusal?.status === 403 && <Notice kind="bad">{words.notProducer}</Notice>}
        {refusal && refusal.status !== 403 ? <Refused refusal={refusal} /> : <Loading />}
      </Page>
    );
  }
  const title = textOf(event.title, language);
  const over = event.state === 'ended' || event.state === 'closed';
  return (
    <Page title={title} wide>
      <p>
        <a href="/producer">{words.title}</a> · <a href={`/e/${event.slug}`}>{words.view}</a>
      </p>
      <h1 class="page-title">{title}</h1>
      <Steps event={event} set={set} />
      {!over && <Editor key={JSON.stringify(event)} event={event} set={set} />}
      <Sales event={event} />
      <Orders event={event} />
      {over && <Destroyed event={event} />}
    </Page>
  );
}

interface EditorProperties {
  event: ProducerEvent;
  set(event: ProducerEvent): void;
}

function Editor({ event, set }: EditorProperties) {
  const { texts } = useTexts();
  const words = texts.producer;
  const [draft, setDraft] = useState<Draft>(() => draftOf(event));
  const [wrong, setWrong] = useState<Wrong | null>(null);
  const { busy, refusal, run } = useAct();
  const changed = JSON.stringify(draft) !== JSON.stringify(draftOf(event));
  useEffect(() => {
    if (!changed) return;
    const ask = (leaving: BeforeUnloadEvent) => leaving.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [changed]);
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const save = () =>
    run(async () => {
      const wish = wishOf(draft, event);
      setWrong(isWrong(wish) ? wish : null);
      if (!isWrong(wish)) set(await saveEvent(event.id, wish));
    });
  return (
    <form
      class="editor"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        void save();
      }}
    >
      <Details draft={draft} change={change} />
      <ArtworkField event={event} set={set} />
      <Performances draft={draft} change={change} />
      <TicketTypes draft={draft} change={change} event={event} />
      {wrong && <Notice kind="bad">{wrongWords(wrong, words)}</Notice>}
      <Refused refusal={refusal} />
      <div class={`acts ${changed ? 'save' : ''}`}>
        <button class="button button-main" type="submit" disabled={busy || !changed}>
          {words.save}
        </button>
        <span role="status">{changed ? words.unsaved : ''}</span>
        {event.state === 'draft' && (
          <AskFirst
            question={words.deleteAsk}
            disabled={busy}
            act={() =>
              void run(async () => {
                await deleteEvent(event.id);
                location.href = '/producer';
              })
            }
          >
            {words.delete}
          </AskFirst>
        )}
      </div>
    </form>
  );
}

type Words = ReturnType<typeof useTexts>['texts']['producer'];

function wrongWords(wrong: Wrong, words: Words): string {
  const place =
    'performance' in wrong
      ? words.performance(wrong.performance + 1)
      : 'ticketType' in wrong
        ? words.ticketType(wrong.ticketType + 1)
        : '';
  return (place ? `${place}: ` : '') + words.wrong[wrong.what];
}

// The producer's events, and a new one.

import { useEffect, useState } from 'preact/hooks';
import { momentText, viewersZone } from '../format/zone';
import { goToSignIn } from '../server/address';
import { makeEvent, producerEvents, type ProducerEvent } from '../server/producer';
import { useAct, useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Field } from '../theme/field';
import { Artwork, Loading, Notice, Page, Refused } from '../theme/sale';

export function ProducerPage() {
  const { texts } = useTexts();
  const words = texts.producer;
  const { answer: events, refusal } = useAnswer(producerEvents, []);
  useEffect(() => {
    if (refusal?.status === 401) goToSignIn();
  }, [refusal]);
  return (
    <Page title={words.title} wide>
      <h1 class="page-title">{words.title}</h1>
      {refusal?.status === 403 && <Notice kind="bad">{words.notProducer}</Notice>}
      {refusal && refusal.status !== 403 && <Refused refusal={refusal} />}
      {!events && !refusal && <Loading />}
      {events?.length === 0 && <p class="empty">{words.none}</p>}
      {events && (
        <ul class="rows-list">
          {events.map((event) => (
            <li key={event.id}>
              <EventRow event={event} />
            </li>
          ))}
        </ul>
      )}
      {events && <NewEvent />}
    </Page>
  );
}

function EventRow({ event }: { event: ProducerEvent }) {
  const { texts, language } = useTexts();
  const first = event.performances[0];
  return (
    <a class="event-row" href={`/producer/events/${event.id}`}>
      <Artwork src={event.artwork} name={event.slug} alt="" />
      <span>
        <b>{textOf(event.title, language)}</b>
        <small>
          {first && momentText(event.zone, Date.parse(first.start), language)} /e/{event.slug}
        </small>
      </span>
      <span class={`badge ${event.state === 'live' ? 'badge-live' : ''}`}>
        {texts.sale.states[event.state]}
      </span>
    </a>
  );
}

function NewEvent() {
  const { texts } = useTexts();
  const words = texts.producer;
  const [slug, setSlug] = useState('');
  const [ja, setJa] = useState('');
  const [en, setEn] = useState('');
  const [zone, setZone] = useState(viewersZone());
  const { busy, refusal, run } = useAct();
  const make = () =>
    run(async () => {
      const made = await makeEvent({
        slug,
        zone,
        title: { ...(ja ? { ja } : {}), ...(en ? { en } : {}) },
        text: {},
        performances: [],
        ticket_types: [],
      });
      location.href = `/producer/events/${made.id}`;
    });
  return (
    <form
      class="card"
      aria-labelledby="make"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <h2 id="make">{words.make}</h2>
      <div class="fields">
        <Field id="ja" label={words.titleJa} lang="ja" maxLength={200} value={ja} set={setJa} />
        <Field
          id="en"
          label={words.titleEn}
          lang="en"
          maxLength={200}
          required={!ja}
          value={en}
          set={setEn}
        />
        <Field
          id="slug"
          label={words.slug}
          help={words.slugHelp}
          required
          pattern="[a-z0-9][a-z0-9\-]*"
          maxLength={64}
          autocapitalize="none"
          value={slug}
          set={(value) => setSlug(value.trim())}
        />
        <Field
          id="zone"
          label={words.zone}
          help={words.zoneHelp}
          required
          value={zone}
          set={setZone}
        />
      </div>
      <Refused refusal={refusal} />
      <button class="button button-main" type="submit" disabled={busy}>
        {words.make}
      </button>
    </form>
  );
}

// What an event is called and what it says, in both languages, its zone and its artwork.

import { sendArtwork, type ProducerEvent } from '../server/producer';
import { useAct } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Area, Field } from '../theme/field';
import { Artwork, Refused } from '../theme/sale';
import type { Draft } from './draft';

interface Properties {
  draft: Draft;
  change(part: Partial<Draft>): void;
}

export function Details({ draft, change }: Properties) {
  const words = useTexts().texts.producer;
  const title = (part: Draft['title']) => change({ title: { ...draft.title, ...part } });
  const text = (part: Draft['text']) => change({ text: { ...draft.text, ...part } });
  return (
    <fieldset class="card">
      <legend class="unseen">{words.titleJa}</legend>
      <div class="fields">
        <Field
          id="title-ja"
          label={words.titleJa}
          lang="ja"
          maxLength={200}
          value={draft.title.ja ?? ''}
          set={(ja) => title({ ja })}
        />
        <Field
          id="title-en"
          label={words.titleEn}
          lang="en"
          maxLength={200}
          value={draft.title.en ?? ''}
          set={(en) => title({ en })}
        />
        <Area
          id="text-ja"
          label={words.textJa}
          help={words.textHelp}
          lang="ja"
          value={draft.text.ja ?? ''}
          set={(ja) => text({ ja })}
        />
        <Area
          id="text-en"
          label={words.textEn}
          lang="en"
          value={draft.text.en ?? ''}
          set={(en) => text({ en })}
        />
        <Field
          id="slug"
          label={words.slug}
          help={words.slugHelp}
          maxLength={64}
          value={draft.slug}
          set={(slug) => change({ slug: slug.trim() })}
        />
        <Field
          id="zone"
          label={words.zone}
          help={words.zoneHelp}
          value={draft.zone}
          set={(zone) => change({ zone: zone.trim() })}
        />
      </div>
    </fieldset>
  );
}

interface ArtworkProperties {
  event: ProducerEvent;
  set(event: ProducerEvent): void;
}

export function ArtworkField({ event, set }: ArtworkProperties) {
  const { texts, language } = useTexts();
  const words = texts.producer;
  const { busy, refusal, run } = useAct();
  const send = (file: File | undefined) =>
    run(async () => {
      if (!file) return;
      set(await sendArtwork(event.id, file));
    });
  return (
    <section class="card artwork-field">
      <Artwork src={event.artwork} name={event.slug} alt={textOf(event.title, language)} />
      <div class="field">
        <label for="artwork">{words.artwork}</label>
        <input
          id="artwork"
          type="file"
          accept="image/jpeg,image/png,image/webp"
          disabled={busy}
          aria-describedby="artwork-help"
          onChange={(chosen) => void send(chosen.currentTarget.files?.[0])}
        />
        <small id="artwork-help">{words.artworkHelp}</small>
        <Refused refusal={refusal} />
      </div>
    </section>
  );
}

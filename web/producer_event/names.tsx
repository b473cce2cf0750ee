// The name of a thing in both languages.

import type { Text } from '../server/sale';
import { Field } from '../theme/field';

interface Properties {
  id(name: string): string;
  words: { nameJa: string; nameEn: string };
  title: Text;
  set(title: Text): void;
}

export function Names({ id, words, title, set }: Properties) {
  return (
    <div class="fields">
      <Field
        id={id('ja')}
        label={words.nameJa}
        lang="ja"
        maxLength={200}
        value={title.ja ?? ''}
        set={(ja) => set({ ...title, ja })}
      />
      <Field
        id={id('en')}
        label={words.nameEn}
        lang="en"
        maxLength={200}
        value={title.en ?? ''}
        set={(en) => set({ ...title, en })}
      />
    </div>
  );
}

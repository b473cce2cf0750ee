// Every word the pages say, in Japanese and English: one file per page. In each, `en` gives the type, so
// that a line missing in `ja` does not compile.

import * as account from './account';
import * as common from './common';
import * as home from './home';
import * as legal from './legal';
import * as producer from './producer';
import * as publish from './publish';
import * as sale from './sale';
import * as watch from './watch';

export type Language = 'en' | 'ja';

function texts(language: Language) {
  return {
    ...common[language],
    accountPage: account[language],
    home: home[language],
    legal: legal[language],
    sale: sale[language],
    watch: watch[language],
    publish: publish[language],
    producer: producer[language],
  };
}

export type Texts = ReturnType<typeof texts>;
export const kTexts: Record<Language, Texts> = { en: texts('en'), ja: texts('ja') };

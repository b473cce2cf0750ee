// The line at the top of every page: where you are, and the other language.

import { setLanguage, useTexts } from '../texts/language';

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#17141c" />
      <path d="M6 7h20v3H6z" fill="#e9b872" />
      <path d="M6 10c5 3 6 8 6 14H6z" fill="#d9472b" />
      <path d="M26 10c-5 3-6 8-6 14h6z" fill="#d9472b" />
      <path d="M16 12.5 20.5 24h-9z" fill="#f6e7c8" />
      <path d="M5 24h22v2H5z" fill="#e9b872" />
    </svg>
  );
}

export function Header() {
  const { texts, language } = useTexts();
  const other = language === 'ja' ? 'en' : 'ja';
  return (
    <>
      <a class="skip" href="#main">
        {texts.skip}
      </a>
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          {texts.product}
          <small lang="ja">舞台</small>
        </a>
        <button
          class="quiet"
          type="button"
          lang={other}
          aria-label={texts.switchLanguage}
          onClick={() => setLanguage(other)}
        >
          {texts.otherLanguage}
        </button>
      </header>
    </>
  );
}

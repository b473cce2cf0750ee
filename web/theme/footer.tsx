// The foot of every page: the way to all events, and what the law wants linked.

import { useTexts } from '../texts/language';

export function Footer() {
  const { texts } = useTexts();
  return (
    <footer class="foot">
      <a href="/">{texts.allEvents}</a>
      <a href="/publish">{texts.goLive}</a>
      {(['legal', 'terms', 'privacy', 'external'] as const).map((page) => (
        <a key={page} href={`/${page}`}>
          {texts.legal.short[page]}
        </a>
      ))}
    </footer>
  );
}

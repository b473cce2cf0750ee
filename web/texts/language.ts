// The page's language. The server chose it (?lang=, else the cookie, else Accept-Language) and wrote it
// into <html lang>; a choice made here is remembered in the cookie.

import { useEffect, useState } from 'preact/hooks';
import { kTexts, type Language, type Texts } from './texts';

const kYearSeconds = 365 * 86_400;
const listeners = new Set<() => void>();

let current: Language = document.documentElement.lang === 'ja' ? 'ja' : 'en';
if (new URLSearchParams(location.search).has('lang')) remember();

function remember(): void {
  document.cookie = `butai_language=${current}; Path=/; Max-Age=${kYearSeconds}; SameSite=Lax`;
}

export function setLanguage(language: Language): void {
  current = language;
  document.documentElement.lang = language;
  remember();
  for (const listener of listeners) listener();
}

export function useTexts(): { texts: Texts; language: Language } {
  const [language, setLocal] = useState(current);
  useEffect(() => {
    const update = () => setLocal(current);
    listeners.add(update);
    return () => void listeners.delete(update);
  }, []);
  return { texts: kTexts[language], language };
}

// The page's language: chosen by the visitor, else by the browser; remembered on this device.

import { useEffect, useState } from 'preact/hooks';
import { kTexts, type Language, type Texts } from './texts';

const kKey = 'butai.language';
const listeners = new Set<() => void>();

function remembered(): string | null {
  try {
    return localStorage.getItem(kKey);
  } catch {
    return null; // storage is off in some private windows
  }
}

let current: Language = first();

function first(): Language {
  const kept = remembered();
  if (kept === 'ja' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}

export function setLanguage(language: Language): void {
  current = language;
  document.documentElement.lang = language;
  try {
    localStorage.setItem(kKey, language);
  } catch {
    // then it lasts as long as the page
  }
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

document.documentElement.lang = current;

// What producers wrote, in the visitor's language or in the other when that is missing.

import type { Text } from '../server/sale';
import type { Language } from './texts';

export const textOf = (text: Text, language: Language): string =>
  text[language] || text[language === 'ja' ? 'en' : 'ja'] || '';

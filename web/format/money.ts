// Amounts in words. An amount is an integer of the currency's minor unit, tax included.

import type { Language } from '../texts/texts';

export interface Money {
  amount: number;
  currency: string; // ISO 4217
}

export function minorDigits(currency: string): number {
  const options = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  return options.maximumFractionDigits ?? 0;
}

export function moneyText({ amount, currency }: Money, language: Language): string {
  const digits = minorDigits(currency);
  const value = amount / 10 ** digits;
  if (language === 'ja' && currency === 'JPY') return `${value.toLocaleString('ja-JP')}円`;
  return value.toLocaleString(language, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: digits,
  });
}

// What a producer typed ("3,300" or "12.50") in minor units; null when it is no amount.
export function typedAmount(text: string, currency: string): number | null {
  const plain = text.normalize('NFKC').trim().replaceAll(',', '');
  const digits = minorDigits(currency);
  const found = /^(\d{1,9})(?:\.(\d+))?$/.exec(plain);
  if (!found || (found[2] ?? '').length > digits) return null;
  return Number(found[1]) * 10 ** digits + Number((found[2] ?? '').padEnd(digits, '0') || 0);
}

// A labelled input: the label, the input, and a word of help that belongs to it.

import type { InputHTMLAttributes } from 'preact';

type Properties = {
  id: string;
  label: string;
  help?: string;
  value: string;
  set(value: string): void;
} & Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'id' | 'type' | 'onInput' | 'label'> & {
    type?: 'text' | 'date' | 'number';
  };

export function Field({ id, label, help, value, set, ...more }: Properties) {
  const input = { id, value, ...more, ...(help ? { 'aria-describedby': `${id}-help` } : {}) };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input {...(input as object)} onInput={(event) => set(event.currentTarget.value)} />
      {help && <small id={`${id}-help`}>{help}</small>}
    </div>
  );
}

interface AreaProperties {
  id: string;
  label: string;
  help?: string;
  lang: string;
  value: string;
  set(value: string): void;
}

export function Area({ id, label, help, lang, value, set }: AreaProperties) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        lang={lang}
        rows={5}
        maxLength={20_000}
        value={value}
        aria-describedby={help ? `${id}-help` : undefined}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {help && <small id={`${id}-help`}>{help}</small>}
    </div>
  );
}

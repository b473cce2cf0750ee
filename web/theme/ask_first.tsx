// A button that asks once more before it does what cannot be taken back.

import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useTexts } from '../texts/language';

interface Properties {
  question: string;
  act(): void;
  disabled?: boolean;
  main?: boolean;
  children: ComponentChildren;
}

export function AskFirst({ question, act, disabled = false, main = false, children }: Properties) {
  const { texts } = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button
        class={`button ${main ? 'button-main' : ''}`}
        type="button"
        disabled={disabled}
        onClick={() => dialog.current!.showModal()}
      >
        {children}
      </button>
      <dialog ref={dialog} aria-label={question}>
        <form method="dialog">
          <p>{question}</p>
          <div class="acts">
            <button class="button button-main" onClick={act}>
              {children}
            </button>
            <button class="button">{texts.producer.cancel}</button>
          </div>
        </form>
      </dialog>
    </>
  );
}

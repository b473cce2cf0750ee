// A question asked when a page is drawn: its answer, or what the server said instead.

import { useCallback, useEffect, useState } from 'preact/hooks';
import { asRefusal, getSession, type Refusal, type Session } from './ask';

export interface Answer<T> {
  answer: T | null;
  refusal: Refusal | null;
  again(): void;
  set(answer: T): void;
}

export function useAnswer<T>(question: () => Promise<T>, about: unknown[]): Answer<T> {
  const [answer, set] = useState<T | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let gone = false;
    question().then(
      (given) => {
        if (gone) return;
        set(given);
        setRefusal(null);
      },
      (error: unknown) => {
        if (!gone) setRefusal(asRefusal(error));
      },
    );
    return () => {
      gone = true;
    };
  }, [...about, round]);
  const again = useCallback(() => setRound((n) => n + 1), []);
  return { answer, refusal, again, set };
}

export const useSessionAnswer = (): Answer<Session> => useAnswer(getSession, []);

// Runs one act at a time and keeps what went wrong for the page to say.
export function useAct(): {
  busy: boolean;
  refusal: Refusal | null;
  run(act: () => Promise<void>): Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const run = async (act: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setRefusal(null);
    try {
      await act();
    } catch (error) {
      setRefusal(asRefusal(error));
    }
    setBusy(false);
  };
  return { busy, refusal, run };
}

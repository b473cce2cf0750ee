// Before the doors: what will be on, when, and how long until then.

import { useEffect, useState } from 'preact/hooks';
import { countdown, countdownSpoken } from '../format/countdown';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Artwork, When } from '../theme/sale';
import type { Performing } from './use_performance';

export function WaitingRoom({ performing }: { performing: Performing }) {
  const { texts, language } = useTexts();
  const words = texts.watch.room;
  const { event, performance } = performing;
  const left = useLeft(Date.parse(performance.doors), performing.event.aheadMs);
  return (
    <div class="room">
      <Artwork src={event.artwork} name={event.slug} alt="" />
      <div class="room-words">
        <p class="room-title">{textOf(event.title, language)}</p>
        {left > 0 ? (
          <>
            <p>{words.until}</p>
            <Counter left={left} />
            <p class="unseen" role="status">
              {words.spoken(countdownSpoken(left, language))}
            </p>
          </>
        ) : (
          <p role="status">{words.now}</p>
        )}
        <When performance={performance} zone={event.zone} />
        <p class="room-hint">{words.hint}</p>
      </div>
    </div>
  );
}

function Counter({ left }: { left: number }) {
  const words = useTexts().texts.watch.room;
  const { days, hours, minutes, seconds } = countdown(left);
  const parts: [number, string][] = [
    [hours, words.hours],
    [minutes, words.minutes],
    [seconds, words.seconds],
  ];
  if (days > 0) parts.unshift([days, words.days]);
  return (
    <p class="counter" aria-hidden="true">
      {parts.map(([number, name]) => (
        <span key={name}>
          <b>{String(number).padStart(2, '0')}</b>
          <small>{name}</small>
        </span>
      ))}
    </p>
  );
}

export function useLeft(until: number, aheadMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return until - (now + aheadMs);
}

// What stands between a viewer and the picture, each with the one act that helps: sign in, buy, give a
// token, take over a place.

import { useEffect } from 'preact/hooks';
import { timeText, viewersZone } from '../format/zone';
import type { State } from '../player/player';
import type { TakenPlace } from '../server/plays';
import { useTexts } from '../texts/language';
import { TokenForm } from './token_form';
import type { Performing } from './use_performance';

export const kDoorStates: State[] = [
  'token',
  'refused',
  'ticket',
  'places',
  'elsewhere',
  'revoked',
];

interface Properties {
  state: State;
  performance: string | null;
  performing: Performing | null;
  places: TakenPlace[];
  tokenTried: boolean;
  giveToken(token: string): void;
  enter(takeOver?: string): void;
}

export function Door(properties: Properties) {
  const { state, performance, performing, places, tokenTried, giveToken, enter } = properties;
  const { texts } = useTexts();
  const words = texts.watch;
  if (state === 'places') return <Places places={places} enter={enter} />;
  if (state === 'elsewhere') {
    return (
      <div class="ask">
        <button class="button button-main" onClick={() => enter()}>
          {words.here}
        </button>
      </div>
    );
  }
  if (!performance) {
    if (state !== 'token' && state !== 'refused') return null;
    return <TokenForm tried={tokenTried} submit={giveToken} />;
  }
  if (state === 'token') {
    const next = encodeURIComponent(location.pathname + location.search);
    return (
      <div class="ask">
        <a class="button button-main" href={`/sign-in?next=${next}`}>
          {texts.signIn}
        </a>
      </div>
    );
  }
  return (
    <div class="ask">
      {state === 'ticket' && performing && (
        <a class="button button-main" href={`/e/${performing.event.slug}`}>
          {words.getTicket}
        </a>
      )}
      <a class="button" href="/tickets">
        {texts.myTickets}
      </a>
    </div>
  );
}

function Places({ places, enter }: { places: TakenPlace[]; enter(takeOver: string): void }) {
  const { texts, language } = useTexts();
  const words = texts.watch;
  return (
    <ul class="ask places">
      {places.map((place) => (
        <li key={place.play}>
          <span>
            <b>{place.device || words.anotherDevice}</b>
            <small>{words.since(timeText(viewersZone(), Date.parse(place.since), language))}</small>
          </span>
          <button class="button button-main" onClick={() => enter(place.play)}>
            {words.instead}
            <span class="unseen"> {words.insteadOf(place.device || words.anotherDevice)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

// Enters when the doors open: at the time that the server tells, spread over a second or two, and then
// again every few seconds, as long as the answer is "not yet".
export function useDoors(
  closed: boolean,
  performing: Performing | null,
  attempt: unknown,
  enter: () => void,
): void {
  const doors = performing ? Date.parse(performing.performance.doors) : null;
  const ahead = performing?.event.aheadMs ?? 0;
  const open = performing ? performing.performance.state !== 'scheduled' : false;
  useEffect(() => {
    if (!closed) return;
    const left = open || doors === null ? 0 : doors - (Date.now() + ahead);
    const delay = left > 0 ? left + Math.random() * 1500 : 3000 + Math.random() * 2000;
    const timer = setTimeout(enter, Math.min(delay, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [closed, doors, open, attempt]);
}

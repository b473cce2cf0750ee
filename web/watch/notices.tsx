// News about the performance over the picture: a delay, an extension. Each can be put away.

import { useState } from 'preact/hooks';
import { timeText, zoneName } from '../format/zone';
import { useTexts } from '../texts/language';
import type { Performing } from './use_performance';

export function Notices({ performing }: { performing: Performing }) {
  const { texts, language } = useTexts();
  const [read, setRead] = useState(0);
  const words = texts.watch.moved;
  const { moves, event } = performing;
  const last = moves[moves.length - 1];
  if (!last || read >= moves.length) return <div role="status" class="unseen" />;
  const at = Date.parse(last.to);
  const time = `${timeText(event.zone, at, language)} ${zoneName(event.zone, at, language)}`;
  const how = last.minutes > 0 ? words.later(last.minutes) : words.earlier(-last.minutes);
  return (
    <div role="status" class="news">
      <p>
        <b>{words[last.what](time)}</b> {how}
      </p>
      <button class="button" onClick={() => setRead(moves.length)}>
        {words.read}
      </button>
    </div>
  );
}

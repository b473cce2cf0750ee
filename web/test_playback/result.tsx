// What works on this device, line by line, and where to go from here.

import { deviceName } from '../server/device';
import { inQuery } from '../server/address';
import type { SaleEvent } from '../server/sale';
import { useTexts } from '../texts/language';
import { Notice } from '../theme/sale';
import { passed, problemsOf, rateText, type Found } from './report';

interface Row {
  name: string;
  good: boolean;
  words: string;
}

export function Result({ event, found }: { event: SaleEvent; found: Found }) {
  const words = useTexts().texts.sale.test;
  const good = passed(problemsOf(found));
  const type = inQuery('type');
  const onward = type
    ? `/e/${event.slug}/buy?type=${encodeURIComponent(type)}`
    : `/e/${event.slug}`;
  return (
    <>
      <Notice kind={good ? 'good' : 'warn'}>
        <p>
          <b>{good ? words.passed : words.failed}</b>
        </p>
      </Notice>
      <dl class="checks">
        {useRows(found).map((row) => (
          <div key={row.name} class={row.good ? 'check-good' : 'check-bad'}>
            <dt>{row.name}</dt>
            <dd>{row.words}</dd>
          </div>
        ))}
      </dl>
      <p class="fine">
        {words.device}: {deviceName(navigator.userAgent)}. {words.kept}
      </p>
      <a class="button button-main button-wide" href={onward}>
        {good ? words.onward : words.anyway}
      </a>
    </>
  );
}

function useRows(found: Found): Row[] {
  const { sale, watch } = useTexts().texts;
  const words = sale.test;
  const problems = problemsOf(found);
  const has = (problem: (typeof problems)[number]) => problems.includes(problem);
  const stalls = found.stalls > 0 ? ` ${words.stalls(found.stalls)}` : '';
  const clockSeconds = Math.round(found.clockOffsetMs / 1000);
  return [
    {
      name: words.rows.picture,
      good: !has('no-picture'),
      words: has('no-picture')
        ? words.pictureNone
        : words.picture(`${found.width} × ${found.height}`) + stalls,
    },
    {
      name: words.rows.sound,
      good: !has('no-sound'),
      words: has('no-sound') ? words.soundNone : words.sound,
    },
    {
      name: words.rows.protection,
      good: found.trouble === null,
      words: found.trouble
        ? watch.states[found.trouble]
        : found.drm
          ? words.protection(found.drm.system, words.levels[found.drm.level])
          : words.protectionNone,
    },
    {
      name: words.rows.bandwidth,
      good: !has('slow-connection'),
      words:
        found.rate === null
          ? words.bandwidthUnknown
          : (has('slow-connection') ? words.bandwidthShort : words.bandwidth)(rateText(found.rate)),
    },
    {
      name: words.rows.clock,
      good: !has('clock-off'),
      words: has('clock-off') ? words.clockOff(clockSeconds) : words.clock,
    },
  ];
}

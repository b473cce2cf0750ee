// The signed records of what was destroyed after the end, one per channel.

import { useEffect } from 'preact/hooks';
import { momentText } from '../format/zone';
import { destruction, type ProducerEvent, type SignedRecord } from '../server/producer';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Loading, Refused } from '../theme/sale';

const kLookMs = 5000;

export function Destroyed({ event }: { event: ProducerEvent }) {
  const words = useTexts().texts.producer;
  const { answer, refusal, again } = useAnswer(() => destruction(event.id), [event.id]);
  const waits = answer?.length === 0; // a minute after the end it is there
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(again, kLookMs);
    return () => clearInterval(timer);
  }, [waits, again]);
  return (
    <section class="card" aria-labelledby="destroyed">
      <h2 id="destroyed">{words.destruction}</h2>
      {!answer && (refusal ? <Refused refusal={refusal} /> : <Loading />)}
      {answer?.length === 0 && <p>{words.destructionNone}</p>}
      {answer && answer.length > 0 && <p class="fine">{words.destructionHelp}</p>}
      {answer?.map((one) => (
        <Record key={one.signature} signed={one} zone={event.zone} />
      ))}
    </section>
  );
}

function Record({ signed, zone }: { signed: SignedRecord; zone: string }) {
  const { texts, language } = useTexts();
  const words = texts.producer;
  const { channel, destroyed, keys, segments_in_memory: segments } = signed.record;
  const text = JSON.stringify(signed, null, 2);
  return (
    <article class="record">
      <h3>{channel}</h3>
      <p>
        {momentText(zone, Date.parse(destroyed), language)} ·{' '}
        {words.destroyedKeys(keys.length, segments)}
      </p>
      <p class="fine">
        {words.signedWith} <code>{signed.key}</code>
      </p>
      <pre tabIndex={0} aria-label={channel}>
        {text}
      </pre>
      <a
        class="button"
        download={`destruction-${channel}.json`}
        href={URL.createObjectURL(new Blob([text], { type: 'application/json' }))}
      >
        {words.download}
      </a>
    </article>
  );
}

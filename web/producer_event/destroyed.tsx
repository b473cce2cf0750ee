// The signed record of what was destroyed when the event was closed.

import { destruction, type ProducerEvent } from '../server/producer';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Loading, Refused } from '../theme/sale';

export function Destroyed({ event }: { event: ProducerEvent }) {
  const words = useTexts().texts.producer;
  return (
    <section class="card" aria-labelledby="destroyed">
      <h2 id="destroyed">{words.destruction}</h2>
      {event.state === 'closed' ? <Record id={event.id} /> : <p>{words.destructionNone}</p>}
    </section>
  );
}

function Record({ id }: { id: string }) {
  const words = useTexts().texts.producer;
  const { answer, refusal } = useAnswer(() => destruction(id), [id]);
  if (!answer) return refusal ? <Refused refusal={refusal} /> : <Loading />;
  const text = JSON.stringify(answer, null, 2);
  return (
    <>
      <p class="fine">{words.destructionHelp}</p>
      <pre tabIndex={0}>{text}</pre>
      <a
        class="button"
        download={`destruction-${id}.json`}
        href={URL.createObjectURL(new Blob([text], { type: 'application/json' }))}
      >
        {words.download}
      </a>
    </>
  );
}

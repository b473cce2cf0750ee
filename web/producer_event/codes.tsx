// Giving out an invitation code for a ticket type that needs one.

import { useState } from 'preact/hooks';
import { addCode, type ProducerEvent } from '../server/producer';
import { useAct } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Field } from '../theme/field';
import { Notice, Refused } from '../theme/sale';

export function Codes({ event, type }: { event: ProducerEvent; type: string }) {
  const words = useTexts().texts.producer;
  const [code, setCode] = useState('');
  const [uses, setUses] = useState('1');
  const [added, setAdded] = useState('');
  const { busy, refusal, run } = useAct();
  const add = () =>
    run(async () => {
      await addCode(event.id, { ticket_type: type, code, uses: Number(uses) });
      setAdded(code);
      setCode('');
    });
  return (
    <div class="fields fields-small">
      <Field id={`${type}-code`} label={words.newCode} maxLength={64} value={code} set={setCode} />
      <Field
        id={`${type}-uses`}
        label={words.uses}
        type="number"
        min={1}
        value={uses}
        set={setUses}
      />
      <button class="button" type="button" disabled={busy || !code} onClick={() => void add()}>
        {words.addCode}
      </button>
      {added && <Notice kind="good">{words.codeAdded(added)}</Notice>}
      <Refused refusal={refusal} />
    </div>
  );
}

// The second factor: setting up an authenticator, showing a code, taking it off.

import { useState } from 'preact/hooks';
import { renderSVG } from 'uqr';
import {
  beginFactor,
  confirmFactor,
  removeFactor,
  showFactor,
  type AccountDetails,
} from '../server/account';
import { inQuery, safeNext } from '../server/address';
import type { Refusal } from '../server/ask';
import { useAct } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { AskFirst } from '../theme/ask_first';
import { Field } from '../theme/field';
import { Notice, Refused } from '../theme/sale';

interface Properties {
  status: AccountDetails['second_factor'];
  changed(): void;
}

const next = () => safeNext(inQuery('next') ?? '/producer');

export function SecondFactor({ status, changed }: Properties) {
  const words = useTexts().texts.accountPage;
  const [codes, setCodes] = useState<string[] | null>(null);
  return (
    <section class="card" aria-labelledby="factor">
      <h2 id="factor">{words.factor}</h2>
      <p class="fine">{words.factorWhy}</p>
      {codes && <Recovery codes={codes} />}
      {!codes && !status.in_force && <SetUp done={setCodes} />}
      {!codes && status.in_force && (
        <>
          <p>
            <span class="badge badge-lit">{words.factorOn}</span>{' '}
            {status.shown && <span class="badge">{words.factorShown}</span>}{' '}
            <small>{words.factorLeft(status.recovery_codes_left)}</small>
          </p>
          {!status.shown && <Show />}
          {status.shown && <Remove />}
        </>
      )}
      {codes && (
        <p class="acts">
          <a class="button button-main" href={next()} onClick={changed}>
            {words.goOn}
          </a>
        </p>
      )}
    </section>
  );
}

function SetUp({ done }: { done(codes: string[]): void }) {
  const words = useTexts().texts.accountPage;
  const [begun, setBegun] = useState<{ secret: string; address: string } | null>(null);
  const { busy, refusal, run } = useAct();
  if (!begun) {
    return (
      <p class="acts">
        <button
          class="button button-main"
          type="button"
          disabled={busy}
          onClick={() => void run(async () => setBegun(await beginFactor()))}
        >
          {words.factorStart}
        </button>
        <Refused refusal={refusal} />
      </p>
    );
  }
  const picture = `data:image/svg+xml,${encodeURIComponent(renderSVG(begun.address, { border: 1 }))}`;
  return (
    <>
      <p>{words.factorScan}</p>
      <img class="qr" src={picture} alt={begun.address} />
      <p>
        {words.factorType} <span class="secret">{begun.secret}</span>
      </p>
      <CodeForm
        button={words.confirm}
        send={async (code) => done((await confirmFactor(code)).recovery_codes)}
      />
    </>
  );
}

function Show() {
  const words = useTexts().texts.accountPage;
  return (
    <CodeForm
      button={words.show}
      send={async (code) => {
        await showFactor(code);
        location.href = next();
      }}
    />
  );
}

function CodeForm({ button, send }: { button: string; send(code: string): Promise<void> }) {
  const words = useTexts().texts.accountPage;
  const [code, setCode] = useState('');
  const { busy, refusal, run } = useAct();
  return (
    <form
      class="code"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => send(code));
      }}
    >
      <Field
        id="code"
        label={words.code}
        help={words.codeHelp}
        value={code}
        set={setCode}
        autocomplete="one-time-code"
        maxLength={32}
        required
      />
      <WrongCode refusal={refusal} />
      <p class="acts">
        <button class="button button-main" type="submit" disabled={busy}>
          {button}
        </button>
      </p>
    </form>
  );
}

function WrongCode({ refusal }: { refusal: Refusal | null }) {
  const words = useTexts().texts.accountPage;
  if (refusal?.status === 403) return <Notice kind="bad">{words.codeWrong}</Notice>;
  if (refusal?.status === 429) return <Notice kind="bad">{words.codeMany}</Notice>;
  return <Refused refusal={refusal} />;
}

function Recovery({ codes }: { codes: string[] }) {
  const words = useTexts().texts.accountPage;
  return (
    <>
      <h3>{words.recovery}</h3>
      <p>{words.recoveryKeep}</p>
      <ul class="codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </>
  );
}

function Remove() {
  const words = useTexts().texts.accountPage;
  const { busy, refusal, run } = useAct();
  return (
    <p class="acts">
      <AskFirst
        question={words.factorRemoveQuestion}
        disabled={busy}
        act={() =>
          void run(async () => {
            await removeFactor();
            location.href = '/sign-in?next=/account';
          })
        }
      >
        {words.factorRemove}
      </AskFirst>
      <Refused refusal={refusal} />
    </p>
  );
}

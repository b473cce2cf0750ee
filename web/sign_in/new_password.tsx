// A new password by mail: asking for the link, and using it.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { askReset, resetPassword } from '../server/account';
import { secretInHash } from '../server/address';
import { useAct } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Field } from '../theme/field';
import { Notice, Page, Refused } from '../theme/sale';

interface Properties {
  back(): void;
}

// A title, what stands below it and does `act`, and the way back.
function Card({
  title,
  act,
  back,
  children,
}: Properties & { title: string; act(): void; children: ComponentChildren }) {
  const { texts } = useTexts();
  return (
    <Page title={title}>
      <form
        class="card narrow"
        onSubmit={(event) => {
          event.preventDefault();
          act();
        }}
      >
        <h1>{title}</h1>
        {children}
        <button class="link" type="button" onClick={back}>
          {texts.accountPage.signIn.back}
        </button>
      </form>
    </Page>
  );
}

export function Forgot({ back }: Properties) {
  const { texts } = useTexts();
  const words = texts.accountPage.signIn;
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, refusal, run } = useAct();
  return (
    <Card
      title={words.forgotTitle}
      back={back}
      act={() =>
        void run(async () => {
          await askReset(email.trim());
          setSent(true);
        })
      }
    >
      {sent ? (
        <Notice kind="good">{words.sent}</Notice>
      ) : (
        <>
          <p>{words.forgotLead}</p>
          <Field
            id="email"
            label={texts.sale.sign.email}
            value={email}
            set={setEmail}
            inputMode="email"
            autocomplete="username"
            maxLength={254}
            required
          />
          <Refused refusal={refusal} />
          <button class="button button-main" type="submit" disabled={busy}>
            {words.send}
          </button>
        </>
      )}
    </Card>
  );
}

export function Reset({ back }: Properties) {
  const { texts } = useTexts();
  const words = texts.accountPage.signIn;
  const [link] = useState(() => secretInHash('reset') ?? '');
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const { busy, refusal, run } = useAct();
  return (
    <Card
      title={words.resetTitle}
      back={back}
      act={() =>
        void run(async () => {
          await resetPassword(link, password);
          setDone(true);
        })
      }
    >
      {done ? (
        <Notice kind="good">{words.resetDone}</Notice>
      ) : (
        <>
          <div class="field">
            <label for="password">{texts.sale.sign.password}</label>
            <input
              id="password"
              type={'password' as 'text'}
              autocomplete="new-password"
              required
              minLength={8}
              maxLength={256}
              aria-describedby="password-help"
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
            <small id="password-help">{texts.sale.sign.passwordHelp}</small>
          </div>
          {refusal?.status === 410 ? (
            <Notice kind="bad">{texts.accountPage.linkOver}</Notice>
          ) : (
            <Refused refusal={refusal} />
          )}
          <button class="button button-main" type="submit" disabled={busy}>
            {words.resetTitle}
          </button>
        </>
      )}
    </Card>
  );
}

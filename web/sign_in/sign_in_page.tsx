// Signing in, or making an account: one form, the providers there are, and back to where the visitor came from.

import { useState } from 'preact/hooks';
import { signInWays, startAddress } from '../server/account';
import { inQuery, safeNext } from '../server/address';
import type { Refusal } from '../server/ask';
import { makeAccount, signIn } from '../server/sale';
import { useAct, useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Notice, Page, Refused } from '../theme/sale';
import { Forgot, Reset } from './new_password';

const kPasswordLettersMin = 8;

export function SignInPage() {
  const [way, setWay] = useState<'form' | 'forgot' | 'reset'>(
    location.hash.startsWith('#reset=') ? 'reset' : inQuery('forgot') ? 'forgot' : 'form',
  );
  const back = () => setWay('form');
  if (way === 'reset') return <Reset back={back} />;
  if (way === 'forgot') return <Forgot back={back} />;
  return <SignInForm forgot={() => setWay('forgot')} />;
}

function SignInForm({ forgot }: { forgot(): void }) {
  const { texts, language } = useTexts();
  const words = texts.sale.sign;
  const next = safeNext(inQuery('next'));
  // Whoever comes from a purchase is most often new.
  const [making, setMaking] = useState(/\/(buy|test)/.test(next));
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const [shown, setShown] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const { busy, refusal, run } = useAct();

  const submit = () =>
    run(async () => {
      const session = making
        ? await makeAccount({ email, password, language, ...(name ? { name } : {}) })
        : await signIn(email, password, () => setWaiting(true));
      location.replace(
        session.second_factor_needed ? `/account?next=${encodeURIComponent(next)}` : next,
      );
    });
  return (
    <Page title={making ? words.make : words.in}>
      <form
        class="card narrow"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>{making ? words.makeTitle : words.inTitle}</h1>
        <Problem />
        <Providers next={next} />
        <div class="field">
          <label for="email">{making ? words.email : words.emailOrName}</label>
          <input
            id="email"
            type={(making ? 'email' : 'text') as 'text'}
            inputMode="email"
            autocapitalize="none"
            spellcheck={false}
            autocomplete="username"
            required
            maxLength={254}
            value={email}
            onInput={(event) => setEmail(event.currentTarget.value.trim())}
          />
        </div>
        <div class="field">
          <label for="password">{words.password}</label>
          <div class="joined">
            <input
              id="password"
              type={(shown ? 'text' : 'password') as 'password'}
              autocomplete={making ? 'new-password' : 'current-password'}
              required
              minLength={making ? kPasswordLettersMin : 1}
              maxLength={256}
              aria-describedby={making ? 'password-help' : undefined}
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
            <button
              type="button"
              class="button"
              aria-pressed={shown}
              onClick={() => setShown(!shown)}
            >
              {shown ? words.hide : words.show}
            </button>
          </div>
          {making && <small id="password-help">{words.passwordHelp}</small>}
        </div>
        {making && (
          <div class="field">
            <label for="name">{words.name}</label>
            <input
              id="name"
              autocomplete="name"
              maxLength={80}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </div>
        )}
        {waiting && busy && <Notice kind="good">{words.turn}</Notice>}
        <SignInRefused refusal={refusal} />
        <button class="button button-main" type="submit" disabled={busy}>
          {making ? words.make : words.in}
        </button>
        <button class="link" type="button" onClick={() => setMaking(!making)}>
          {making ? words.toIn : words.toMake}
        </button>
        {!making && (
          <button class="link" type="button" onClick={forgot}>
            {texts.accountPage.signIn.forgot}
          </button>
        )}
        {making && <p class="fine">{words.purpose}</p>}
      </form>
    </Page>
  );
}

// Why somebody came back from a provider without being signed in.
function Problem() {
  const { problems } = useTexts().texts.accountPage.signIn;
  const words = problems[inQuery('problem') as keyof typeof problems];
  return words ? <Notice kind="bad">{words}</Notice> : null;
}

function Providers({ next }: { next: string }) {
  const words = useTexts().texts.accountPage.signIn;
  const { answer: ways } = useAnswer(signInWays, []);
  if (!ways || ways.length === 0) return null;
  return (
    <>
      {ways.map(({ name, label }) => (
        <a key={name} class="button button-wide" href={startAddress(name, next)}>
          {words.with(label)}
        </a>
      ))}
      <p class="fine or">{words.or}</p>
    </>
  );
}

function SignInRefused({ refusal }: { refusal: Refusal | null }) {
  const words = useTexts().texts.sale.sign;
  if (refusal?.status === 401) return <Notice kind="bad">{words.wrong}</Notice>;
  if (refusal?.status === 429) return <Notice kind="bad">{words.many}</Notice>;
  return <Refused refusal={refusal} />;
}

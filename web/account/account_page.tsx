// The account: the address, ways to sign in, the second factor, and leaving everywhere.

import { useEffect, useState } from 'preact/hooks';
import { dateText } from '../format/zone';
import {
  accountDetails,
  addSignIn,
  removeSignIn,
  sendVerification,
  signInWays,
  verify,
  type AccountDetails,
  type SignInWay,
} from '../server/account';
import { goToSignIn, inQuery, secretInHash } from '../server/address';
import { signOut } from '../server/sale';
import { useAct, useAnswer, useSessionAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { AskFirst } from '../theme/ask_first';
import { Loading, Notice, Page, Refused } from '../theme/sale';
import { SecondFactor } from './second_factor';

export function AccountPage() {
  const { texts } = useTexts();
  const words = texts.accountPage;
  const { answer: details, refusal, again } = useAnswer(accountDetails, []);
  const { answer: session } = useSessionAnswer();
  const { answer: ways } = useAnswer(signInWays, []);
  const proof = useVerification(again);
  useEffect(() => {
    if (refusal?.status === 401 && proof === 'none') goToSignIn();
  }, [refusal, proof]);
  const problem = words.signIn.problems[inQuery('problem') as keyof typeof words.signIn.problems];
  return (
    <Page title={words.title}>
      <h1>{words.title}</h1>
      {proof === 'done' && <Notice kind="good">{words.verifyDone}</Notice>}
      {proof === 'over' && <Notice kind="bad">{words.linkOver}</Notice>}
      {problem && <Notice kind="bad">{problem}</Notice>}
      {refusal && refusal.status !== 401 && <Refused refusal={refusal} />}
      {!details && !refusal && <Loading />}
      {details && (
        <>
          <Address details={details} />
          <SignIns details={details} ways={ways ?? []} changed={again} />
          {session?.account && session.account.role !== 'viewer' && (
            <SecondFactor status={details.second_factor} changed={again} />
          )}
          <p class="acts">
            <button class="button" type="button" onClick={() => void leaveEverywhere()}>
              {words.everywhere}
            </button>
          </p>
        </>
      )}
    </Page>
  );
}

async function leaveEverywhere(): Promise<void> {
  await signOut('everywhere').catch(() => undefined);
  location.href = '/';
}

// The link of a letter leads here; what proves it stands behind the #, where no server sees it.
function useVerification(changed: () => void): 'none' | 'asked' | 'done' | 'over' {
  const [state, setState] = useState<'none' | 'asked' | 'done' | 'over'>(() =>
    location.hash.startsWith('#verify=') ? 'asked' : 'none',
  );
  useEffect(() => {
    const link = secretInHash('verify');
    if (link === null) return;
    verify(link).then(
      () => {
        setState('done');
        changed();
      },
      () => setState('over'),
    );
  }, []);
  return state;
}

function Address({ details }: { details: AccountDetails }) {
  const words = useTexts().texts.accountPage;
  const { busy, refusal, run } = useAct();
  const [sent, setSent] = useState(false);
  return (
    <section class="card" aria-labelledby="address">
      <h2 id="address">{words.email}</h2>
      <p>{details.email ?? words.noEmail}</p>
      {details.mail_problem !== null && (
        <Notice kind="warn">{words.mailProblem(details.mail_problem)}</Notice>
      )}
      {details.email && (
        <p class="fine">{details.email_verified ? words.verified : words.notVerified}</p>
      )}
      {details.email && !details.email_verified && !sent && (
        <p class="acts">
          <button
            class="button"
            type="button"
            disabled={busy}
            onClick={() =>
              void run(async () => {
                await sendVerification();
                setSent(true);
              })
            }
          >
            {words.sendVerification}
          </button>
        </p>
      )}
      {sent && <Notice>{words.letterSent}</Notice>}
      <Refused refusal={refusal} />
    </section>
  );
}

interface SignInsProperties {
  details: AccountDetails;
  ways: SignInWay[];
  changed(): void;
}

function SignIns({ details, ways, changed }: SignInsProperties) {
  const { texts, language } = useTexts();
  const words = texts.accountPage;
  const { busy, refusal, run } = useAct();
  const labelOf = (name: string) => ways.find((way) => way.name === name)?.label ?? name;
  const last = details.sign_ins.length + (details.password ? 1 : 0) === 1;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <section class="card" aria-labelledby="ways">
      <h2 id="ways">{words.signIns}</h2>
      <div>
        <div class="row">
          <div>
            <b>{words.password}</b>{' '}
            <small>{details.password ? words.passwordSet : words.passwordNone}</small>
          </div>
          {details.email && <a href="/sign-in?forgot=1">{words.setPassword}</a>}
        </div>
        {details.sign_ins.map((one) => (
          <div class="row" key={one.id}>
            <div>
              <b>{labelOf(one.name)}</b> {one.email}{' '}
              <small>{words.linkedOn(dateText(zone, Date.parse(one.linked), language))}</small>
            </div>
            {last ? (
              <small>{words.lastOne}</small>
            ) : (
              <AskFirst
                question={words.removeQuestion(labelOf(one.name))}
                disabled={busy}
                act={() =>
                  void run(async () => {
                    await removeSignIn(one.id);
                    changed();
                  })
                }
              >
                {words.remove}
              </AskFirst>
            )}
          </div>
        ))}
      </div>
      <p class="acts">
        {ways.map((way) => (
          <button
            key={way.name}
            class="button"
            type="button"
            disabled={busy}
            onClick={() =>
              void run(async () => {
                location.href = (await addSignIn(way.name)).url;
              })
            }
          >
            {words.add(way.label)}
          </button>
        ))}
      </p>
      <Refused refusal={refusal} />
    </section>
  );
}

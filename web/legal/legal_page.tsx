// Four pages of what the law wants said: the seller (特定商取引法), terms, privacy, other hosts (外部送信).

import { partOfPath } from '../server/address';
import { legal as askLegal, type Legal, type LegalField } from '../server/legal';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { textOf } from '../texts/text_of';
import { Loading, Notice, Page, Refused } from '../theme/sale';

const kFields: LegalField[] = [
  'seller',
  'representative',
  'address',
  'phone',
  'email',
  'price',
  'extra_costs',
  'payment',
  'delivery',
  'cancellation',
  'environment',
];

export function LegalPage() {
  const { texts } = useTexts();
  const which = partOfPath(0) as 'legal' | 'terms' | 'privacy' | 'external';
  const { answer: legal, refusal } = useAnswer(askLegal, []);
  return (
    <Page title={texts.legal.titles[which]}>
      <Refused refusal={refusal} />
      {!legal && !refusal && <Loading />}
      {legal && (
        <section class="card">
          <h1>{texts.legal.titles[which]}</h1>
          {which === 'legal' && <Seller legal={legal} />}
          {(which === 'terms' || which === 'privacy') && <Document text={legal[which]} />}
          {which === 'external' && <External legal={legal} />}
        </section>
      )}
    </Page>
  );
}

function Seller({ legal }: { legal: Legal }) {
  const { texts, language } = useTexts();
  const words = texts.legal;
  if (!textOf(legal.seller, language)) return <Notice kind="warn">{words.missing}</Notice>;
  return (
    <dl class="rows">
      {kFields.map((name) => (
        <div key={name}>
          <dt>{words.fields[name]}</dt>
          <dd>{(name !== 'price' && textOf(legal[name], language)) || words.otherwise[name]}</dd>
        </div>
      ))}
      {textOf(legal.registration_number, language) && (
        <div>
          <dt>{words.registration}</dt>
          <dd>{textOf(legal.registration_number, language)}</dd>
        </div>
      )}
    </dl>
  );
}

// A text of the seller's, or where it is.
function Document({ text }: { text: { ja?: string; en?: string } }) {
  const { texts, language } = useTexts();
  const words = textOf(text, language);
  if (!words) return <Notice kind="warn">{texts.legal.missing}</Notice>;
  if (/^https?:\/\/\S+$/.test(words))
    return (
      <p>
        <a href={words}>{words}</a>
      </p>
    );
  return <div class="document">{words}</div>;
}

function External({ legal }: { legal: Legal }) {
  const { texts } = useTexts();
  const words = texts.legal;
  if (legal.external.length === 0) return <p>{words.nobody}</p>;
  return (
    <>
      <p>{words.externalLead}</p>
      <ul>
        {legal.external.map(({ host }) => (
          <li key={host}>
            <code>{host}</code>
          </li>
        ))}
      </ul>
      <p>{words.externalWhat}</p>
    </>
  );
}

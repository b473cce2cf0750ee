// What was sold, as a curve that grows while one looks, and as a table for whoever does not see curves.

import { useEffect } from 'preact/hooks';
import { moneyText } from '../format/money';
import { momentText } from '../format/zone';
import { eventSales, ordersFile, type ProducerEvent } from '../server/producer';
import { useAnswer } from '../server/use_answer';
import { useTexts } from '../texts/language';
import { Refused } from '../theme/sale';
import { curveOf, kHeight, kWidth } from './curve';

const kLookEveryMs = 10_000;

export function Sales({ event }: { event: ProducerEvent }) {
  const { texts, language } = useTexts();
  const words = texts.producer;
  const { answer: sales, refusal, again } = useAnswer(() => eventSales(event.id), [event.id]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, kLookEveryMs);
    return () => clearInterval(timer);
  }, [again]);
  const points = sales?.points ?? [];
  const curve = sales ? curveOf(points, sales.step_seconds) : '';
  const tickets = points.reduce((sum, point) => sum + point.tickets, 0);
  const amount = points.reduce((sum, point) => sum + point.amount, 0);
  const money = (minor: number) =>
    moneyText({ amount: minor, currency: sales?.currency || 'JPY' }, language);
  return (
    <section class="card" aria-labelledby="sales">
      <h2 id="sales">{words.sales}</h2>
      <Refused refusal={refusal} />
      {sales && (
        <>
          <p role="status">{words.soldSoFar(tickets, money(amount))}</p>
          {points.length > 0 && (
            <svg
              class="sales"
              viewBox={`0 0 ${kWidth} ${kHeight}`}
              role="img"
              aria-label={words.soldSoFar(tickets, money(amount))}
            >
              <path class="sales-area" d={`${curve}V${kHeight}`} />
              <path class="sales-line" d={curve} />
            </svg>
          )}
          {points.length > 0 && (
            <details>
              <summary>{words.salesTable}</summary>
              <div class="scroll" tabIndex={0} role="region" aria-labelledby="sales">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">{words.when}</th>
                      <th scope="col">{words.tickets}</th>
                      <th scope="col">{words.total}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {points.map((point) => (
                      <tr key={point.from}>
                        <th scope="row">
                          {momentText(event.zone, Date.parse(point.from), language)}
                        </th>
                        <td>{point.tickets}</td>
                        <td>{money(point.amount)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </details>
          )}
        </>
      )}
      <a class="button" href={ordersFile(event.id)} download>
        {words.csv}
      </a>
    </section>
  );
}

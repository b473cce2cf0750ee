// The sum of what was sold, as the path of a curve in steps. Pure.

export const kWidth = 600;
export const kHeight = 160;

export interface SalesPoint {
  from: string;
  tickets: number;
}

// From the first sale, left below, to the last, right above.
export function curveOf(points: readonly SalesPoint[], stepSeconds: number): string {
  if (points.length === 0) return '';
  const start = Date.parse(points[0]!.from);
  const end = Date.parse(points.at(-1)!.from) + stepSeconds * 1000;
  const all = points.reduce((sum, { tickets }) => sum + tickets, 0);
  const x = (time: number) => Math.round(((time - start) / (end - start)) * kWidth);
  const y = (sum: number) => Math.round(kHeight - (sum / all) * kHeight);
  let sum = 0;
  let path = `M0 ${kHeight}`;
  for (const { from, tickets } of points) {
    const time = Date.parse(from);
    path += `H${x(time)}`;
    sum += tickets;
    path += `L${x(time + stepSeconds * 1000)} ${y(sum)}`;
  }
  return path;
}

// A plot as an SVG file: lines through points, both axes logarithmic or from zero. Drawn here, so that
// it needs nothing but the figures.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const width = 720;
const height = 420;
const edge = { left: 70, right: 190, top: 40, bottom: 55 };
const colours = ['#0b6e4f', '#888888', '#c0392b', '#2d6cdf', '#d98e04', '#7d3c98'];
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function axis(values, from, to, logarithmic) {
  const most = Math.max(...values);
  const least = logarithmic ? Math.min(...values.filter((value) => value > 0)) : 0;
  const scale = logarithmic ? Math.log10 : (value) => value;
  const [low, high] = logarithmic ? [scale(least / 1.3), scale(most * 1.3)] : [0, most * 1.1];
  const place = (value) => from + ((scale(value) - low) / (high - low)) * (to - from);
  let ticks = [];
  if (logarithmic) {
    for (let power = Math.floor(low); power <= Math.ceil(high); ++power) for (const step of [1, 2, 5]) ticks.push(step * 10 ** power);
    ticks = ticks.filter((value) => scale(value) >= low && scale(value) <= high);
  } else {
    const step = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].find((each) => (most * 1.1) / each <= 8) ?? most / 5;
    for (let value = 0; value <= most * 1.1; value += step) ticks.push(Number(value.toFixed(4)));
  }
  return { place, ticks };
}

// series: {name: [[x, y], …]}
export function plot(file, { title, x, y, series, logX = true, logY = false }) {
  const names = Object.keys(series).filter((name) => series[name].length > 0);
  if (names.length === 0) return;
  const points = names.flatMap((name) => series[name]);
  const across = axis(points.map((point) => point[0]), edge.left, width - edge.right, logX);
  const up = axis(points.map((point) => point[1]), height - edge.bottom, edge.top, logY);
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`, `<text x="${edge.left}" y="22" font-size="15">${escaped(title)}</text>`];
  for (const value of across.ticks) {
    const at = across.place(value).toFixed(1);
    out.push(`<path d="M${at} ${edge.top}V${height - edge.bottom}" stroke="#eee"/><text x="${at}" y="${height - edge.bottom + 16}" text-anchor="middle">${value.toLocaleString('en')}</text>`);
  }
  for (const value of up.ticks) {
    const at = up.place(value).toFixed(1);
    out.push(`<path d="M${edge.left} ${at}H${width - edge.right}" stroke="#eee"/><text x="${edge.left - 6}" y="${Number(at) + 4}" text-anchor="end">${value}</text>`);
  }
  out.push(`<text x="${(edge.left + width - edge.right) / 2}" y="${height - 14}" text-anchor="middle">${escaped(x)}</text>`,
    `<text transform="translate(18 ${height / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`);
  names.forEach((name, index) => {
    const colour = colours[index % colours.length];
    const sorted = [...series[name]].sort((a, b) => a[0] - b[0]);
    const places = sorted.map(([px, py]) => [across.place(px).toFixed(1), up.place(py).toFixed(1)]);
    out.push(`<polyline fill="none" stroke="${colour}" stroke-width="2" points="${places.map((place) => place.join(',')).join(' ')}"/>`);
    for (const [px, py] of places) out.push(`<circle cx="${px}" cy="${py}" r="3.5" fill="${colour}"/>`);
    out.push(`<rect x="${width - edge.right + 16}" y="${edge.top + index * 20}" width="12" height="12" fill="${colour}"/><text x="${width - edge.right + 34}" y="${edge.top + 10 + index * 20}">${escaped(name)}</text>`);
  });
  const place = fileURLToPath(new URL('./plots/', import.meta.url));
  mkdirSync(place, { recursive: true });
  writeFileSync(place + file, `${out.join('\n')}\n</svg>\n`);
}

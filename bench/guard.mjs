// ./dev bench --guard: two minutes that fail when fan-out has become worse, beside the floor and npm ws on
// this machine at this moment: ratios, never times. The bounds are in guard.json.
import { readFileSync } from 'node:fs';
import { fanout, floor, isolate, npmWs, options, ours, ratios, rounds, show } from './_lab.mjs';

isolate();
options.rounds = 3;
const bounds = JSON.parse(readFileSync(new URL('./guard.json', import.meta.url)));
const cell = { kbit: 3000, fps: 30, viewers: 1000, flush: 100, joins: 1000 };
const figures = await rounds({
  butai: () => fanout(ours, cell),
  floor: () => fanout(floor, cell),
  'npm ws': () => fanout(npmWs, cell),
  'butai, wss': () => fanout(ours, { ...cell, secure: true }),
  'floor, wss': () => fanout(floor, { ...cell, secure: true }),
});
const cost = (sample) => sample.cpu_s_per_gb;
const got = {
  'ws against the floor': ratios(figures.butai, figures.floor, cost).median,
  'ws against npm ws': ratios(figures.butai, figures['npm ws'], cost).median,
  'wss against the TLS floor': ratios(figures['butai, wss'], figures['floor, wss'], cost).median,
};
for (const [what, bound] of Object.entries(bounds)) {
  const well = got[what] <= bound;
  console.log(`${well ? 'ok    ' : 'FAILED'} CPU-s/GB, ${what}: ${show(got[what])}, at most ${bound}`);
  if (!well) process.exitCode = 1;
}
if (figures.butai.some((sample) => sample.missing + sample.starved > 0)) {
  console.log('FAILED a viewer missed something');
  process.exitCode = 1;
}

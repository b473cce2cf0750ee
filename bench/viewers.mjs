// ./dev bench viewers: what one gigabyte costs as the viewers become more.
import { fanout, floor, how, isolate, npmWs, ours, rounds, spread, table, usual } from './_lab.mjs';
import { plot } from './_plot.mjs';
import { keep, machine, writeSection } from './_results.mjs';

isolate();
const counts = [300, 1000, 3000, 10000];
const servers = { butai: ours, floor, 'npm ws, prepared': npmWs };
const samples = {};
for (const viewers of counts) {
  for (const [name, make] of Object.entries(servers)) {
    if (name.startsWith('npm') && viewers > 3000) continue; // one thread of it cannot
    samples[`${name}, ${viewers}`] = () => fanout(make, { kbit: 1000, fps: 30, flush: 100, viewers });
  }
}
const figures = await rounds(samples);
const series = {};
for (const name of Object.keys(servers)) {
  series[name] = counts.filter((viewers) => figures[`${name}, ${viewers}`])
    .map((viewers) => [viewers, spread(figures[`${name}, ${viewers}`], (s) => s.cpu_s_per_gb).median]);
}
plot('cost_against_viewers.svg', { title: 'Cost against viewers: 1 Mbit/s each, flush every 100 ms', x: 'viewers', y: 'CPU-s/GB of the server', series });
keep('viewers', figures);
writeSection('Cost against viewers', `1 Mbit/s, 30 frames/s, plain WebSocket, flush every 100 ms. ${how()}
${machine()}

${table(Object.keys(samples), figures, usual)}

![Cost against viewers](plots/cost_against_viewers.svg)`);

// The container image has the libraries of the set `runtime` of tools/packages.txt and what those depend on:
// every library that the two programs name must be among them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { program, root } from '../harness/paths.mjs';
import { run } from '../harness/process.mjs';

const lines = (text) => text.split('\n').filter(Boolean);

// These packages and, of every dependency, what is installed here.
async function withDependencies(names) {
  const all = new Set();
  for (let next = names; next.length > 0; ) {
    for (const name of next) all.add(name);
    const { stdout } = await run('dpkg-query', ['-W', '-f', '${Pre-Depends}, ${Depends}\n', ...next], { anyStatus: true });
    const named = stdout.split(/[,|\n]/).map((one) => one.trim().split(/[ :(]/)[0]);
    next = [...new Set(named)].filter((name) => name && !all.has(name));
  }
  return all;
}

test('every library that the programs name is in the image', { timeout: 60_000 }, async () => {
  const listed = lines(readFileSync(join(root, 'tools/packages.txt'), 'utf8')).map((line) => line.split(/\s+/));
  const image = await withDependencies(listed.filter(([set]) => set === 'runtime').map(([, name]) => name));
  for (const path of [program, join(dirname(program), 'butai-worker')]) {
    const { stdout } = await run('ldd', [path]);
    const places = new Map([...stdout.matchAll(/(\S+) => (\S+)/g)].map(([, name, place]) => [name, place]));
    const named = [...(await run('readelf', ['-d', path])).stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
    assert.ok(named.length > 5, `${path} names ${named.length} libraries`);
    for (const name of named.filter((one) => places.has(one))) {
      const owner = (await run('dpkg', ['-S', places.get(name).replace(/^\/lib\//, '*/lib/')])).stdout.split(':')[0];
      assert.ok(image.has(owner), `${name} of ${path} is in ${owner}, which the image lacks`);
    }
  }
});

// One clip per scheme beside shaka-packager's own output with the same keys: the boxes of both, field by
// field, side by side in build/scenarios/boxes/; what differs is what docs/design/protection.md lists, and
// nothing else.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { identityKey, packager, protections } from '../harness/decrypt.mjs';
import { describeBoxes } from '../harness/describe_boxes.mjs';
import { feed } from '../harness/feed.mjs';
import { fetchOk, media } from '../harness/hls.mjs';
import { film } from '../harness/media.mjs';
import { workFolder } from '../harness/paths.mjs';
import { run } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { viewToken } from '../harness/token.mjs';

const kSchemes = ['cbcs', 'cenc'];
const kTracks = ['video', 'audio'];
const folder = join(workFolder, 'boxes');
mkdirSync(folder, { recursive: true });

let server, source;
const feeds = [];
before(async () => {
  server = await Server.start({ config: kSchemes.map((scheme) => `[[channel]]\nname = "${scheme}"\nprotection = "${scheme}"\n`).join('') });
  source = await film({ seconds: 8, extra: ['-x264-params', 'slices=2'] });
  for (const scheme of kSchemes) feeds.push(await feed(server, scheme, source));
});
after(async () => {
  for (const one of feeds) await one.stop();
  await server?.stop();
});

// Ours: the init segment and the first segment's first chunk of a track.
async function ours(scheme, track, token) {
  const options = { headers: { Authorization: `Bearer ${token}` } };
  const list = await media(`${server.http}/live/${scheme}/${track}/index.m3u8`, options);
  const [segment] = list.segments;
  return { init: (await fetchOk(segment.map, options)).bytes, media: (await fetchOk(segment.uri, options)).bytes };
}

// shaka-packager's of the same film with the same key.
async function theirs(scheme, track, { kid, key, iv }) {
  const place = mkdtempSync(join(tmpdir(), 'butai-beside-'));
  try {
    chmodSync(packager, 0o755);
    await run(packager, [`in=${source},stream=${track},init_segment=${place}/i.mp4,segment_template=${place}/$Number$.m4s,drm_label=L`,
      '--enable_raw_key_encryption', '--keys', `label=L:key_id=${kid}:key=${key}`, ...(iv ? ['--iv', iv] : []),
      '--protection_scheme', scheme, '--clear_lead', '0', '--segment_duration', '2', '--protection_systems', 'Common']);
    return { init: readFileSync(join(place, 'i.mp4')), media: readFileSync(join(place, '1.m4s')) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

// "path field value" lines; what a player must read alike is compared.
const kMustAgree = /^(moov\/trak\/mdia\/minf\/stbl\/stsd\/(encv|enca)\/sinf\/.*|moof\/traf\/senc (flags|iv_bytes|first)|moof\/traf\/saiz default|pssh (version|system)|moov\/pssh (version|system)) /;

function sideBySide(left, right) {
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const line = (name) => {
    const [a, b] = [left.get(name) ?? '–', right.get(name) ?? '–'];
    return `${a === b ? ' ' : '|'} ${name.padEnd(64)} ${a.padEnd(44)} ${b}`;
  };
  return [`  ${'box and field'.padEnd(64)} ${'here'.padEnd(44)} shaka-packager 3.4.2`, ...names.map(line)].join('\n');
}

for (const scheme of kSchemes) {
  test(`${scheme}: what decryptors read is the same as shaka-packager's`, { timeout: 90_000 }, async () => {
    const token = viewToken(scheme);
    await server.segmentsOf(scheme, token);
    for (const track of kTracks) {
      const own = await ours(scheme, track, token);
      const [{ kid, iv }] = protections(own.init);
      const key = await identityKey(server, kid, token);
      const other = await theirs(scheme, track, { kid, key, iv });
      const [left, right] = [own, other].map(({ init, media: bytes }) => describeBoxes(Buffer.concat([init, bytes])));
      writeFileSync(join(folder, `${scheme}_${track}.txt`), `${sideBySide(left, right)}\n`);
      const differs = [...new Set([...left.keys(), ...right.keys()])]
        .filter((name) => kMustAgree.test(`${name} `) && left.get(name) !== right.get(name))
        .map((name) => `${name}: ${left.get(name)} / ${right.get(name)}`);
      assert.deepEqual(differs, [], `${scheme} ${track}; see build/scenarios/boxes/${scheme}_${track}.txt`);
      assert.ok([...left.keys()].some((name) => name.includes('tenc')), 'there was something to compare');
    }
  });
}

// OBS Studio as it is installed, with the server and the key that `butai demo` prints: nothing else is set.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Child } from '../harness/process.mjs';
import { Server } from '../harness/server.mjs';
import { viewer } from '../harness/socket.mjs';
import { publishToken } from '../harness/token.mjs';
import { until } from '../harness/wait.mjs';

// What its first-run wizard would write.
function homeOf(server, key) {
  const home = mkdtempSync(join(tmpdir(), 'butai-obs-'));
  const place = join(home, '.config/obs-studio');
  const profile = join(place, 'basic/profiles/Untitled');
  mkdirSync(profile, { recursive: true });
  mkdirSync(join(place, 'basic/scenes'));
  writeFileSync(join(place, 'global.ini'), '[General]\nFirstRun=true\nLastVersion=486539266\nEnableAutoUpdates=false\n[Basic]\nProfile=Untitled\nProfileDir=Untitled\nSceneCollection=Untitled\nSceneCollectionFile=Untitled\n');
  writeFileSync(join(profile, 'basic.ini'), '[General]\nName=Untitled\n[Video]\nBaseCX=1280\nBaseCY=720\nOutputCX=1280\nOutputCY=720\n');
  writeFileSync(join(profile, 'service.json'), JSON.stringify({ type: 'rtmp_custom', settings: { server, key, use_auth: false } }));
  const scene = { current_scene: 'Scene', current_program_scene: 'Scene', scene_order: [{ name: 'Scene' }], name: 'Untitled', sources: [{ id: 'scene', name: 'Scene', settings: {} }] };
  writeFileSync(join(place, 'basic/scenes/Untitled.json'), JSON.stringify(scene));
  return home;
}

let server, home, obs, screen;
before(async () => {
  server = await Server.start({ config: '[channels]\naccess = "public"\n' });
  home = homeOf(`rtmp://127.0.0.1:${server.ports.rtmp}/live`, `main?token=${publishToken('main')}`);
  screen = new Child('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24']);
  const display = `:${await screen.firstLine()}`;
  obs = new Child('obs', ['--startstreaming', '--multi'], { env: { HOME: home, XDG_CONFIG_HOME: join(home, '.config'), DISPLAY: display, LIBGL_ALWAYS_SOFTWARE: '1' } });
});
after(async () => {
  await obs?.stop('SIGKILL');
  await screen?.stop();
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

test('its picture and sound are on the channel, and its far key frames are mended and named', { timeout: 180_000 }, async () => {
  await server.segmentsOf('main', undefined, 120_000);
  const watching = await viewer(server, 'main', 'latency=0').open();
  await watching.count(100);
  await watching.close();
  await until('a word about the key frames', () => /set the key frame interval of your encoder to 2 s/.test(server.log), { within: 30_000 });
});

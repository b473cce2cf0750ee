// Players that are not ours on a page of somebody else, from another origin than the server's.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { root } from './paths.mjs';

const packages = join(root, 'tests/node_modules');
const kPlayers = {
  'hls.js': {
    file: join(packages, 'hls.js/dist/hls.js'),
    start: `const hls = new Hls({ lowLatencyMode: true });
      hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) console.error('hls.js: ' + data.details); });
      hls.loadSource(address); hls.attachMedia(video);
      window.latency = () => hls.latency;
      window.date = () => hls.playingDate?.getTime() / 1000;
      window.read = () => { hls.subtitleDisplay = true; hls.subtitleTrack = 0; return hls.subtitleTracks.length > 0; };
      window.hear = (language) => { hls.audioTrack = hls.audioTracks.findIndex((track) => track.lang === language); };`,
  },
  'dash.js': {
    file: join(packages, 'dashjs/dist/legacy/umd/dash.all.debug.js'),
    start: `const player = dashjs.MediaPlayer().create();
      player.updateSettings({ debug: { logLevel: 1 } });
      player.on('error', (e) => console.error('dash.js: ' + (e.error?.message ?? e.error)));
      player.initialize(video, address, true);
      window.latency = () => player.getCurrentLiveLatency();
      window.date = () => player.timeAsUTC();
      window.read = () => { player.enableText(true); player.setTextTrack(0); return player.getTracksFor('text').length > 0; };
      window.hear = (language) => player.setCurrentTrack(player.getTracksFor('audio').find((track) => track.lang === language));`,
  },
  'shaka-player': {
    file: join(packages, 'shaka-player/dist/shaka-player.compiled.js'),
    start: `const player = new shaka.Player(); player.attach(video).then(() => player.load(address)).then(() => video.play(), (e) => console.error('shaka: ' + e));
      window.latency = () => player.seekRange().end - video.currentTime;
      window.date = () => player.getPlayheadTimeAsDate()?.getTime() / 1000;
      window.read = () => { const [track] = player.getTextTracks(); player.selectTextTrack(track ?? null); return track !== undefined; };
      window.hear = (language) => player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === language));`,
  },
};

// How long the picture stood still at most, in ms. Not how many pictures there were: a browser that
// decodes without a graphics card skips some while others use the cores.
export function longestStill(seen) {
  let [moved, longest] = [seen[0], 0];
  for (const now of seen) {
    longest = Math.max(longest, now.at - moved.at);
    if (now.decodedFrames > moved.decodedFrames) moved = now;
  }
  return longest;
}

// close(), and page(player, address): where that player plays that address. The page has window.stats(), window.date() (UTC
// of what is seen, seconds), window.read() (the first captions; false while there are none) and window.hear(language).
export async function playerSite() {
  const site = createServer((request, answer) => {
    const url = new URL(request.url, 'http://a');
    const player = kPlayers[url.searchParams.get('player')];
    if (url.pathname === '/player.js') return answer.setHeader('Content-Type', 'text/javascript').end(readFileSync(player.file));
    if (url.pathname === '/favicon.ico') return answer.writeHead(204).end();
    answer.setHeader('Content-Type', 'text/html');
    answer.end(`<!doctype html><video id="video" muted autoplay playsinline width="640"></video>
      <script src="/player.js?player=${encodeURIComponent(url.searchParams.get('player'))}"></script>
      <script>const video = document.getElementById('video');
      const address = new URL(location).searchParams.get('address');
      window.stats = () => ({ at: performance.now(), decodedFrames: video.getVideoPlaybackQuality().totalVideoFrames, currentTime: video.currentTime, bufferSeconds: video.buffered.length ? video.buffered.end(video.buffered.length - 1) - video.currentTime : 0, width: video.videoWidth, latency: window.latency?.() });
      ${player.start}</script>`);
  });
  await new Promise((ready) => site.listen(0, '127.0.0.1', ready));
  return {
    page: (player, address) => `http://localhost:${site.address().port}/?player=${encodeURIComponent(player)}&address=${encodeURIComponent(address)}`,
    close: () => site.close(),
  };
}

// One build, one page per folder: page.html around its main.tsx; what pages share is cut into hashed files
// under assets/. The server fills in language and nonce (src/pages).
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const here = import.meta.dirname;
const kPages = [
  'home',
  'event',
  'sign_in',
  'account',
  'test_playback',
  'buy',
  'order',
  'pay',
  'receipt',
  'legal',
  'tickets',
  'watch',
  'publish',
  'producer',
  'producer_event',
];
const addressOf = (page: string) => resolve(here, page, 'index.html');

function pagesFromOneTemplate(): Plugin {
  const pages = new Map(kPages.map((page) => [addressOf(page), page]));
  return {
    name: 'pages-from-one-template',
    enforce: 'pre',
    resolveId: (id) => (pages.has(id) ? id : null),
    load(id) {
      if (!pages.has(id)) return null;
      const template = resolve(here, 'page.html');
      this.addWatchFile(template);
      return readFileSync(template, 'utf8').replace('@MAIN@', './main.tsx');
    },
  };
}

export default defineConfig({
  root: here,
  appType: 'mpa',
  plugins: [pagesFromOneTemplate()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  html: { cspNonce: '@NONCE@' },
  build: {
    target: ['chrome107', 'firefox104', 'safari16'],
    assetsInlineLimit: 0, // data: addresses would need holes in the CSP
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900, // kB; shaka-player, loaded only where HLS or DASH is played
    rolldownOptions: {
      input: Object.fromEntries(kPages.map((page) => [page, addressOf(page)])),
    },
  },
  test: { include: ['**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);

// Three pages, one build: each page is a folder with an index.html; what they share is cut into
// hashed files under assets/. No inline script or style, so that the CSP can be 'self' alone.
import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  appType: 'mpa',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: ['chrome107', 'firefox104', 'safari16'],
    assetsInlineLimit: 0, // data: addresses would need holes in the CSP
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900, // kB; shaka-player, loaded only where HLS or DASH is played
    rolldownOptions: {
      input: {
        home: resolve(here, 'home/index.html'),
        watch: resolve(here, 'watch/index.html'),
        publish: resolve(here, 'publish/index.html'),
      },
    },
  },
  test: { include: ['**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);

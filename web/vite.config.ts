import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const api = process.env['CARETOWER_API'] ?? 'http://localhost:8000';

export default defineConfig({
  plugins: [svelte()],
  // The list of the build's files: public/sw.js keeps those of the field page.
  build: { target: 'es2023', manifest: 'shell.json', assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  server: { proxy: { '/v1': { target: api, ws: true } } },
  test: { include: ['tests/**/*.test.ts'] },
});

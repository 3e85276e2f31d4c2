import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const api = process.env['CARETOWER_API'] ?? 'http://localhost:8000';

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1200 },
  server: { proxy: { '/v1': { target: api, ws: true } } },
  test: { include: ['tests/**/*.test.ts'] },
});

import { defineConfig } from 'tsdown';

/** The page of the dashboard: one file with everything that it needs, for browsers. */
export default defineConfig({
  entry: { app: 'src/dashboard/page/main.tsx' },
  format: 'esm',
  target: 'es2024',
  platform: 'browser',
  tsconfig: 'src/dashboard/page/tsconfig.json',
  minify: true,
  dts: false,
  clean: false,
  hash: false,
  outExtensions: () => ({ js: '.js' }),
  deps: { alwaysBundle: [/./], onlyBundle: false },
  logLevel: 'warn',
});

import { defineConfig } from 'tsdown';

/** The program of the image: everything in one folder, so that no node_modules is needed beside it but what is native. */
export default defineConfig({
  entry: { 'smi-cli': 'src/cli/main.ts' },
  format: 'esm',
  target: 'node24',
  platform: 'node',
  dts: false,
  clean: false,
  banner: (chunk) => (chunk.fileName === 'smi-cli.mjs' ? '#!/usr/bin/node' : ''),
  deps: { alwaysBundle: [/^(?!koffi$)/], neverBundle: ['koffi'] },
  logLevel: 'error',
});

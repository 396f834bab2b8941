import { defineConfig } from 'tsdown';

/** The program and the library entry points; only the latter have types. Dependencies stay outside. */
export default defineConfig({
  entry: {
    'smi-cli': 'src/cli/main.ts',
    index: 'src/index.ts',
    adapter: 'src/adapter/index.ts',
    'adapter-data-plane': 'src/adapter/data-plane.ts',
    testkit: 'src/testkit/index.ts',
    xds: 'src/xds/index.ts',
    conformance: 'src/conformance/index.ts',
  },
  format: 'esm',
  target: 'node22',
  platform: 'node',
  dts: {
    entry: [
      'src/index.ts',
      'src/adapter/index.ts',
      'src/adapter/data-plane.ts',
      'src/testkit/index.ts',
      'src/xds/index.ts',
      'src/conformance/index.ts',
    ],
  },
  clean: false,
  deps: { skipNodeModulesBundle: true },
  logLevel: 'warn',
});

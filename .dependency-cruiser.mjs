/**
 * Who may import whom: each part of src/, and what it may import besides itself and packages. One direction, no cycles.
 * `npm run check` holds it. `generated` are the protobuf types that scripts/generate.mjs makes.
 */
const mayImport = {
  lib: [],
  telemetry: ['lib'],
  graph: [],
  'access-log': ['lib', 'telemetry'],
  diagnostics: ['lib'],
  source: ['lib', 'diagnostics'],
  smi: ['lib', 'diagnostics', 'source'],
  kubernetes: ['lib', 'diagnostics', 'source'],
  'kubernetes-client': ['lib', 'diagnostics', 'source'],
  chart: ['lib', 'source'],
  install: ['lib', 'diagnostics', 'source', 'kubernetes', 'kubernetes-client'],
  model: ['lib', 'diagnostics'],
  config: ['lib', 'diagnostics', 'source', 'kubernetes', 'model'],
  policy: ['lib', 'diagnostics', 'source', 'smi', 'model'],
  gateway: ['lib', 'diagnostics', 'source', 'kubernetes', 'policy', 'model'],
  explain: ['lib', 'diagnostics', 'model'],
  expectations: ['lib', 'diagnostics', 'source', 'smi', 'model', 'explain'],
  compile: ['lib', 'diagnostics', 'source', 'smi', 'kubernetes', 'config', 'policy', 'gateway', 'model'],
  lint: ['lib', 'diagnostics', 'source', 'smi', 'kubernetes', 'policy', 'model', 'compile', 'analysis'],
  library: ['lib', 'diagnostics', 'source', 'smi', 'model', 'compile', 'lint', 'expectations'],
  webhooks: [
    'lib',
    'telemetry',
    'diagnostics',
    'source',
    'smi',
    'kubernetes',
    'kubernetes-client',
    'config',
    'policy',
    'model',
    'compile',
    'lint',
    'injection',
  ],
  adapter: ['lib', 'diagnostics', 'model'],
  analysis: ['lib', 'diagnostics', 'model'],
  translate: ['lib', 'diagnostics', 'source', 'smi', 'model', 'adapter', 'analysis'],
  plugins: ['lib', 'diagnostics', 'model', 'adapter'],
  testkit: ['lib', 'diagnostics', 'model', 'library', 'adapter', 'translate', 'plugins'],
  xds: ['lib', 'diagnostics', 'generated'],
  proxy: ['lib', 'diagnostics', 'telemetry', 'generated'],
  identity: ['lib', 'diagnostics', 'kubernetes', 'kubernetes-client'],
  metrics: ['lib', 'diagnostics', 'kubernetes', 'kubernetes-client', 'model', 'telemetry'],
  interception: ['lib', 'kubernetes'],
  probes: ['lib', 'kubernetes'],
  cni: ['lib', 'kubernetes', 'interception'],
  injection: ['lib', 'diagnostics', 'source', 'kubernetes', 'config', 'interception', 'probes'],
  sidecar: ['lib', 'telemetry', 'kubernetes', 'identity', 'probes'],
  control: [
    'lib',
    'diagnostics',
    'source',
    'smi',
    'kubernetes',
    'kubernetes-client',
    'config',
    'policy',
    'model',
    'compile',
    'adapter',
    'telemetry',
    'access-log',
    'xds',
    'proxy',
    'identity',
    'metrics',
  ],
  conformance: [
    'lib',
    'diagnostics',
    'source',
    'kubernetes',
    'kubernetes-client',
    'model',
    'compile',
    'library',
    'control',
    'proxy',
  ],
  dashboard: [
    'lib',
    'diagnostics',
    'source',
    'smi',
    'kubernetes-client',
    'model',
    'explain',
    'analysis',
    'metrics',
    'telemetry',
    'control',
    'graph',
  ],
  // The composition root: it alone may import everything, adapters included.
  cli: ['*'],
};

/** Adapters live outside src/ and see what a stranger's adapter would see. */
const adapterMayImport = ['lib', 'diagnostics', 'model', 'adapter', 'generated'];
/** A target that reads another target's API: its adapter writes those documents, and reads them back, with the other's code. */
const adapterBuildsOn = { istio: 'gateway-api' };

const folder = (part) => (part === 'generated' ? '^generated/' : `^src/${part}/`);
const anyOf = (parts) => parts.map(folder).join('|');

const directions = Object.entries(mayImport)
  .filter(([, parts]) => !parts.includes('*'))
  .map(([part, parts]) => ({
    name: `direction-${part}`,
    comment: `src/${part} may import ${parts.length > 0 ? parts.join(', ') : 'nothing of ours'} (.dependency-cruiser.mjs)`,
    severity: 'error',
    from: { path: folder(part) },
    to: { path: '^(src|adapters|generated|bench|test|scripts|examples)/', pathNot: anyOf([part, ...parts]) },
  }));

function adapterApiOnly(from, name, ...further) {
  return {
    name: 'adapter-api-only',
    comment: `an adapter may import its own folder, from src ${adapterMayImport.join(', ')}, and what adapterBuildsOn says`,
    severity: 'error',
    from,
    to: {
      path: '^(src|adapters|generated|bench|test|scripts)/',
      pathNot: [`^adapters/${name}/`, ...further, anyOf(adapterMayImport)].join('|'),
    },
  };
}

export default {
  forbidden: [
    ...directions,
    adapterApiOnly(
      { path: '^adapters/([^/]+)/', pathNot: `^adapters/(${Object.keys(adapterBuildsOn).join('|')})/` },
      '$1',
    ),
    ...Object.entries(adapterBuildsOn).map(([name, other]) =>
      adapterApiOnly({ path: `^adapters/${name}/` }, name, `^adapters/${other}/(emit|simulate)/`),
    ),
    {
      name: 'known-part',
      comment: 'a new folder of src/ needs a line in the table of .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: anyOf(Object.keys(mayImport)) },
      to: {},
    },
    {
      name: 'only-cli-names-adapters',
      comment: 'src/ outside src/cli names no adapter',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^adapters/' },
    },
    {
      name: 'no-cycle',
      comment: 'no import cycles',
      severity: 'error',
      from: { pathNot: '^generated/' },
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'the import does not resolve',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependency-in-product',
      comment: 'what ships may only need `dependencies`',
      severity: 'error',
      // The page of the dashboard is bundled with what it needs.
      from: { path: '^(src|adapters)/', pathNot: '^src/dashboard/page/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.cache)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

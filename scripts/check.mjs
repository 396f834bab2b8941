// `npm run check`: everything about the sources that a tool can hold, one line each. All run, then the failures are shown.
import { run } from './lib/run.mjs';
import { exitWith, StepError, seconds, step } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

const checks = [
  {
    name: 'format and lint',
    command: [
      'node_modules/@biomejs/biome/bin/biome',
      'ci',
      '--colors=off',
      '--max-diagnostics=50',
      '--diagnostic-level=warn',
      '--error-on-warnings',
      '.',
    ],
    mend: 'npx biome check --write FILE mends most of it',
  },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', '.', '--pretty', 'false'] },
  {
    name: 'types of the dashboard page',
    command: ['node_modules/typescript/bin/tsc', '-p', 'src/dashboard/page', '--pretty', 'false'],
  },
  {
    name: 'import directions',
    command: [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      ...['src', 'adapters', 'bench', 'scripts', 'examples', '--config', '.dependency-cruiser.mjs'],
      ...['--output-type', 'err-long'],
    ],
    mend: 'the table of who may import whom is in .dependency-cruiser.mjs',
  },
  {
    name: 'unused code and packages',
    command: ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'],
    mend: 'delete what nothing uses, or make it local to its file',
  },
  { name: 'repository texts', command: ['scripts/check-texts.mjs'] },
  {
    name: 'diagnostics page',
    command: ['scripts/diagnostics-doc.ts', '--check'],
    mend: 'node scripts/diagnostics-doc.ts writes docs/diagnostics.md anew',
  },
  {
    name: 'custom resource definitions',
    command: ['scripts/crds.ts', '--check'],
    mend: 'node scripts/crds.ts writes schemas/crds and schemas/smi.json anew',
  },
  {
    name: 'manifests of the chart',
    command: ['scripts/manifests.ts', '--check'],
    mend: 'node scripts/manifests.ts writes deploy/manifests anew',
  },
  {
    name: 'values of the chart',
    command: ['scripts/values-doc.ts', '--check'],
    mend: 'node scripts/values-doc.ts writes the table in docs/install.md anew',
  },
  {
    name: 'clauses of SMI',
    command: ['scripts/clauses.ts', '--check'],
    mend: 'node scripts/clauses.ts writes the tables in docs/semantics.md anew',
  },
  {
    name: 'metrics, rules and board',
    command: ['scripts/monitoring.ts', '--check'],
    mend: 'node scripts/monitoring.ts writes docs/metrics.md, docs/monitoring.md, deploy/monitoring and a template of the chart anew',
  },
  {
    name: 'support matrix',
    command: ['scripts/support-matrix.ts', '--check'],
    mend: 'node scripts/support-matrix.ts writes the tables in README.md and docs/support.md anew',
  },
];

async function check(node, { name, command, mend }, failures) {
  await step(name, async () => {
    const { code, output } = await run(node, command, { cwd: root, env: toolEnvironment });
    if (code === 0) return 'ok';
    failures.push({ name, output, mend });
    return 'FAILED';
  });
}

try {
  console.log('smi-mesh: checks');
  const node = await setUp({ build: false });
  const failures = [];
  for (const item of checks) await check(node, item, failures);
  for (const { name, output, mend } of failures) {
    console.log(`\n--- ${name}\n${output.trimEnd()}${mend ? `\n  hint: ${mend}` : ''}`);
  }
  console.log(
    `\n${checks.length - failures.length} passed, ${failures.length} failed in ${seconds(performance.now())}`,
  );
  if (failures.length > 0) throw new StepError(`failed: ${failures.map(({ name }) => name).join(', ')}`);
} catch (error) {
  exitWith(error);
}

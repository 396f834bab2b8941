// Writes deploy/manifests/smi-mesh.yaml: the chart rendered with its own values. With `--check` it writes nothing and fails
// when the file says something else.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readChart } from '../src/chart/chart.ts';
import { systemNamespace } from '../src/kubernetes/names.ts';
import { packageRoot } from '../src/lib/package-root.ts';

const file = join(packageRoot(), 'deploy', 'manifests', 'smi-mesh.yaml');
const release = { name: 'smi-mesh', namespace: systemNamespace, service: 'kubectl' };
const rendered = readChart().render(release, { createNamespace: true });
if (!rendered.ok) throw new Error(rendered.error.join('\n'));
const head =
  '# smi-mesh with the default values of the chart. Written by scripts/manifests.ts; to change settings use\n';
const text = `${head}# smi-cli install or Helm (docs/install.md).\n${rendered.value.map((one) => one.text).join('---\n')}`;

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is not what the chart renders`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

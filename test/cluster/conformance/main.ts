// `main.ts [--write | --reports FOLDER] [--modes cluster,cluster-envoy] [--some MODE=REGEX] [ARGUMENT ...]`: the conformance suite on the cluster of the
// tests, with both data planes. Arguments go to `smi-cli conformance run`; without any, all core cases are run, but in the mode of --some those of its
// pattern alone. With --write the reports of conformance/reports are written anew, with --reports they go to that folder.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceImage, meshImages } from '../lab/images.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { installMesh } from '../nodes/support/mesh.ts';

const meshes = { cluster: 'smi-mesh.yaml', 'cluster-envoy': 'smi-mesh-envoy.yaml' };

const given = process.argv.slice(2);
const modes = (valueAfter('--modes') ?? Object.keys(meshes).join()).split(',');
const write = given.includes('--write');
const [someMode, pattern = ''] = valueAfter('--some')?.split('=') ?? [];
const named = write ? 'conformance/reports' : valueAfter('--reports');
const others = given.filter((argument) => argument !== '--write');
const chosen = others.length === 0 ? ['--level', 'core'] : others;
const folder = named ?? mkdtempSync(join(tmpdir(), 'smi-reports-'));
mkdirSync(folder, { recursive: true });

const lab = await startLab({ nodes: 2, images: [meshImages(console.log)], log: console.log });
try {
  const values = join(lab.folder, 'values.yaml');
  writeFileSync(values, 'config: { trafficMetrics: { api: true } }\n');
  console.log(await installMesh(lab, ['--values', values]));
  for (const [mode, file] of Object.entries(meshes).filter(([name]) => modes.includes(name))) {
    const started = performance.now();
    const status = await runSuite(lab, mode, file);
    console.log(`${mode} took ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
    if (status === 0) continue;
    process.exitCode = 1;
    const logs = ['logs', '--selector=app.kubernetes.io/component=controller', '--tail=60', '--prefix'];
    console.log((await lab.kubectl(['--namespace=smi-mesh-system', ...logs])).stdout);
  }
} finally {
  await lab.stop();
  if (named === undefined) rmSync(folder, { recursive: true, force: true });
}

function valueAfter(name: string): string | undefined {
  const at = given.indexOf(name);
  return at < 0 ? undefined : given.splice(at, 2)[1];
}

function runSuite({ kubeconfig }: Lab, mode: string, file: string): Promise<number> {
  const mesh = ['--target', 'cluster', '--mesh', join('conformance/meshes', file), '--image', conformanceImage];
  const reports = ['yaml', 'svg'].flatMap((format) => ['--report', join(folder, `${mode}.${format}`)]);
  const argv = ['src/cli/main.ts', 'conformance', 'run', ...mesh, '--kubeconfig', kubeconfig, ...reports, ...chosen];
  if (mode === someMode) argv.push('--case', pattern);
  return new Promise((resolve) => {
    spawn(process.execPath, argv, { stdio: 'inherit' }).once('exit', (code) => resolve(code ?? 1));
  });
}

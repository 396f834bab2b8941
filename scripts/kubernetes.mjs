// Makes sure that etcd and kube-apiserver are in the cache folder, built from their Go modules by the ordinary go client.
// Plain JavaScript that an old Node can run; used by the cluster tests.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildGo, requireGo } from './lib/go.mjs';
import { digest, isCurrent, writeStamp } from './lib/stamp.mjs';
import { exitWith, StepError, seconds } from './lib/steps.mjs';

const module = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'cluster', 'kubernetes');
const goMod = fs.readFileSync(path.join(module, 'go.mod'), 'utf8');

export const kubernetesVersion = /^\s*k8s\.io\/kubernetes v(\S+)$/m.exec(goMod)[1];
const goVersion = /^go (\d+\.\d+)/m.exec(goMod)[1];

const programs = ['etcd', 'kube-apiserver'];
const install =
  `install Go ${goVersion} or newer (https://go.dev/doc/install), ` +
  'or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver';

/** The folder where the programs are or would be: `KUBEBUILDER_ASSETS`, or one in the cache (`SMI_MESH_CACHE`). */
export function kubernetesFolder() {
  if (process.env.KUBEBUILDER_ASSETS) return process.env.KUBEBUILDER_ASSETS;
  const cache = process.env.SMI_MESH_CACHE || path.join(os.homedir(), '.cache', 'smi-mesh');
  return path.join(cache, 'kubernetes', kubernetesVersion);
}

/**
 * Returns the folder with `etcd` and `kube-apiserver`, building them when they are missing: some minutes the first time,
 * seconds when Go has them in its build cache. Throws a `StepError` that says what is missing and how to get it.
 */
export function ensureKubernetes(log = () => {}) {
  const folder = kubernetesFolder();
  const present = programs.every((name) => fs.existsSync(path.join(folder, name)));
  if (process.env.KUBEBUILDER_ASSETS) {
    if (present) return folder;
    throw new StepError(`KUBEBUILDER_ASSETS names ${folder}, which lacks ${programs.join(' or ')}`, { hint: install });
  }
  const stamp = path.join(folder, '.stamp');
  const wanted = digest(module, ['go.mod', 'go.sum', 'main.go']);
  if (present && isCurrent(stamp, wanted)) return folder;
  requireGo('Go is missing, so no kube-apiserver can be built', install);
  fs.mkdirSync(folder, { recursive: true });
  const draft = fs.mkdtempSync(path.join(folder, 'draft-'));
  const started = Date.now();
  log(`building etcd and kube-apiserver ${kubernetesVersion} with Go; the first time takes about ten minutes ...`);
  try {
    const built = path.join(draft, 'kube-apiserver');
    build(built);
    // The renames make each program appear complete or not at all, also with several builds at once.
    fs.symlinkSync('kube-apiserver', path.join(draft, 'etcd'));
    for (const name of ['kube-apiserver', 'etcd']) fs.renameSync(path.join(draft, name), path.join(folder, name));
    writeStamp(stamp, wanted);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  log(`etcd and kube-apiserver ${kubernetesVersion} are in ${folder} (${seconds(Date.now() - started)})`);
  return folder;
}

function build(output) {
  const [major, minor] = kubernetesVersion.split('.');
  const variables = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const flags = Object.entries(variables).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  buildGo({ module, name: `etcd and kube-apiserver ${kubernetesVersion}`, target: '.', output, flags, hint: install });
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    console.log(ensureKubernetes((line) => console.error(line)));
  } catch (error) {
    exitWith(error);
  }
}

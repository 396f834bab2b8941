// Makes sure that the programs of Kubernetes are in the cache folder, built from their Go modules by the ordinary go client
// as one program with many names. Plain JavaScript that an old Node can run; used by the cluster tests.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureProgram, isBuilt, programFolder, requiredVersion } from './lib/go-programs.mjs';
import { exitWith, StepError } from './lib/steps.mjs';

const module = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'cluster', 'kubernetes');

export const kubernetesVersion = requiredVersion(module, 'k8s.io/kubernetes');

/** What tests of an apiserver alone need, and what the test assets of kubebuilder hold. */
const apiPrograms = ['etcd', 'kube-apiserver', 'kubectl'];
const nodePrograms = ['kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'];

const [major, minor] = kubernetesVersion.split('.');
const stamps = {
  gitVersion: `v${kubernetesVersion}`,
  gitMajor: major,
  gitMinor: minor,
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
};
const kubernetes = {
  name: 'kubernetes',
  version: kubernetesVersion,
  module,
  aliases: [...apiPrograms, ...nodePrograms],
  flags: Object.entries(stamps).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
  duration: 'ten minutes',
  install:
    'install Go 1.24 or newer (https://go.dev/doc/install), ' +
    `or set KUBEBUILDER_ASSETS to a folder with ${apiPrograms.join(', ')}`,
};

/** The folder where the programs are or would be: `KUBEBUILDER_ASSETS`, or one in the cache (`SMI_MESH_CACHE`). */
export function kubernetesFolder() {
  return process.env.KUBEBUILDER_ASSETS || programFolder(kubernetes);
}

/** Whether `ensureKubernetes` would have nothing to build. */
export function isKubernetesBuilt() {
  return Boolean(process.env.KUBEBUILDER_ASSETS) || isBuilt(kubernetes);
}

/**
 * Returns the folder with `etcd`, `kube-apiserver` and `kubectl`, building them when they are missing: some minutes the
 * first time. Throws a `StepError` that says what is missing and how to get it.
 */
export function ensureKubernetes(log = () => {}) {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (!assets) return ensureProgram(kubernetes, log);
  const missing = apiPrograms.filter((name) => !fs.existsSync(path.join(assets, name)));
  if (missing.length === 0) return assets;
  throw new StepError(`KUBEBUILDER_ASSETS names ${assets}, which lacks ${missing.join(' and ')}`, {
    hint: kubernetes.install,
  });
}

/** Like `ensureKubernetes`, with everything that runs on nodes too; assets that lack it are left aside. */
export function ensureWholeKubernetes(log = () => {}) {
  const assets = process.env.KUBEBUILDER_ASSETS;
  const complete = assets && kubernetes.aliases.every((name) => fs.existsSync(path.join(assets, name)));
  return complete ? assets : ensureProgram(kubernetes, log);
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    console.log(ensureKubernetes((line) => console.error(line)));
  } catch (error) {
    exitWith(error);
  }
}

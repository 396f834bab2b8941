// Makes sure that Helm is in the cache folder, built from its Go module by the ordinary go client. Plain JavaScript that an
// old Node can run; used by the tests of the chart.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureProgram, isBuilt, requiredVersion } from './lib/go-programs.mjs';
import { exitWith } from './lib/steps.mjs';

const module = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'cluster', 'helm');

export const helmVersion = requiredVersion(module, 'helm.sh/helm/v3');

const helm = {
  name: 'helm',
  version: helmVersion,
  module,
  target: 'helm.sh/helm/v3/cmd/helm',
  flags: [`-X helm.sh/helm/v3/internal/version.version=v${helmVersion}`],
  duration: 'three minutes',
  install: 'install Go (https://go.dev/doc/install), or set HELM_BIN to a Helm 3',
};

/** Whether `ensureHelm` would have nothing to build. */
export function isHelmBuilt() {
  return Boolean(process.env.HELM_BIN) || isBuilt(helm);
}

/** Returns the path of `helm`: `HELM_BIN`, or the one in the cache, built when it is missing. Throws a `StepError` without Go. */
export function ensureHelm(log = () => {}) {
  return process.env.HELM_BIN || path.join(ensureProgram(helm, log), 'helm');
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    console.log(ensureHelm((line) => console.error(line)));
  } catch (error) {
    exitWith(error);
  }
}

// Makes sure that the tools which work with a mesh are in the cache folder, each built from its Go module by the ordinary go
// client, with the definitions that it installs. Plain JavaScript that an old Node can run; used by `npm run test:tools`.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureProgram, isBuilt, requiredVersion } from './lib/go-programs.mjs';
import { exitWith } from './lib/steps.mjs';

const modules = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'cluster', 'tools');

function tool({ name, from, files, ...program }) {
  const module = path.join(modules, name);
  return {
    ...{ name, module, version: requiredVersion(module, from), files: { module: from, names: files } },
    install: `install Go ${requiredGo(module)} or newer (https://go.dev/doc/install)`,
    ...program,
  };
}

function requiredGo(module) {
  return /^go (\S+)/m.exec(fs.readFileSync(path.join(module, 'go.mod'), 'utf8'))[1];
}

const tools = {
  'cert-manager': tool({
    name: 'cert-manager',
    from: 'github.com/cert-manager/cert-manager',
    files: ['deploy/crds'],
    duration: 'five minutes',
  }),
  'argo-rollouts': tool({
    name: 'argo-rollouts',
    from: 'github.com/argoproj/argo-rollouts',
    target: 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
    files: ['manifests/crds', 'manifests/role'],
    duration: 'ten minutes',
  }),
  flagger: tool({
    name: 'flagger',
    from: 'github.com/fluxcd/flagger',
    target: 'github.com/fluxcd/flagger/cmd/flagger',
    files: ['artifacts/flagger/crd.yaml', 'artifacts/flagger/account.yaml'],
    duration: 'three minutes',
  }),
};

export const toolNames = Object.keys(tools);
export const toolVersion = (name) => tools[name].version;

/** Whether `ensureTool` would have nothing to build. */
export const isToolBuilt = (name) => isBuilt(tools[name]);

/** Returns the folder with the program, called as the tool is, and its files. Throws a `StepError` without Go. */
export const ensureTool = (name, log = () => {}) => ensureProgram(tools[name], log);

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    for (const name of toolNames) console.log(ensureTool(name, (line) => console.error(line)));
  } catch (error) {
    exitWith(error);
  }
}

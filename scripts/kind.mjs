// Makes sure that kind is there: `KIND_BIN`, one on the PATH, or one built from its Go module by the ordinary go client; and that
// Docker answers, which kind's nodes are containers of.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureProgram, requiredVersion } from './lib/go-programs.mjs';
import { StepError } from './lib/steps.mjs';

const module = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'cluster', 'kind');
const version = requiredVersion(module, 'sigs.k8s.io/kind');
const answerMillis = 20_000;

/** Returns the path of `kind`. Throws a `StepError` where there is none and Go is missing too. */
export function ensureKind(log = () => {}) {
  const given = process.env.KIND_BIN || 'kind';
  if (spawnSync(given, ['version'], { timeout: answerMillis }).status === 0) return given;
  if (process.env.KIND_BIN)
    throw new StepError(`${given} of KIND_BIN is no kind`, { hint: 'name another, or unset it' });
  const install = `install kind ${version} (https://kind.sigs.k8s.io), or Go to build it (https://go.dev/doc/install)`;
  const program = { name: 'kind', version, module, target: 'sigs.k8s.io/kind', duration: 'a minute', install };
  return path.join(ensureProgram(program, log), 'kind');
}

/** Whether a cluster has this name. */
export function hasCluster(kind, name) {
  const { stdout } = spawnSync(kind, ['get', 'clusters'], { encoding: 'utf8', timeout: answerMillis });
  return (stdout ?? '').split('\n').includes(name);
}

/** Throws a `StepError` unless Docker has a daemon that answers. */
export function requireDocker(docker = 'docker') {
  const { status, error, stderr } = spawnSync(docker, ['version'], { encoding: 'utf8', timeout: answerMillis });
  const elsewhere = 'or run the cases without it: npm run conformance:cluster';
  if (error?.code === 'ENOENT')
    throw new StepError('docker is missing', { hint: `install Docker (https://docs.docker.com), ${elsewhere}` });
  if (status !== 0)
    throw new StepError('docker does not answer', { hint: `start its daemon, ${elsewhere}`, output: stderr });
}

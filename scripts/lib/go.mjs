// Programs that are built with the ordinary go client from modules whose versions a go.mod and go.sum pin.
import { spawnSync } from 'node:child_process';
import { StepError } from './steps.mjs';

/** Throws a `StepError` when there is no Go. */
export function requireGo(message, hint) {
  if (spawnSync('go', ['version']).error?.code === 'ENOENT') throw new StepError(message, { hint });
}

/** Builds a package, as seen from the module in folder `module`, to the file `output`. */
export function buildGo({ module, name, target, output, flags = [], hint }) {
  const args = ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', ['-s -w', ...flags].join(' ')];
  const { error, status, stderr } = spawnSync('go', [...args, '-o', output, target], {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    timeout: 45 * 60_000,
  });
  if (error === undefined && status === 0) return;
  throw new StepError(`go could not build ${name}`, {
    output: error === undefined ? stderr : `${stderr}\n${error.message}`,
    hint: `the reason is in the lines above; if this Go is too old, ${hint}`,
  });
}

/** The folder with the sources of a module that the module in folder `module` is built with; it is there after a build. */
export function sourcesOf(module, name) {
  const { status, stdout } = spawnSync('go', ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', name], {
    cwd: module,
    env: { ...process.env, GOWORK: 'off' },
    encoding: 'utf8',
  });
  if (status === 0) return stdout.trim();
  throw new StepError(`go does not find the sources of ${name}`, { hint: `run go mod download in ${module}` });
}

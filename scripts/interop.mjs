// Makes sure that the gRPC libraries of other languages are in the cache folder, for `npm run test:interop`: a virtual
// environment with grpcio, and small programs built with grpc-go. Plain JavaScript that an old Node can run.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { digest, isCurrent, writeStamp } from './lib/stamp.mjs';
import { exitWith, StepError } from './lib/steps.mjs';

const grpcioVersion = '1.85.3';
const tests = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'interop');

const cache = () => process.env.SMI_MESH_CACHE || path.join(os.homedir(), '.cache', 'smi-mesh');

/** The Python that has grpcio; throws a `StepError` that says what is missing and how to get it. */
export function ensurePython() {
  const folder = path.join(cache(), 'grpcio', grpcioVersion);
  const python = path.join(folder, 'bin', 'python');
  const stamp = path.join(folder, '.stamp');
  if (fs.existsSync(python) && isCurrent(stamp, grpcioVersion)) return python;
  const hint = 'install it (Debian and Ubuntu: apt-get install python3 python3-venv python3-pip)';
  run('python3', ['-m', 'venv', '--clear', folder], {}, 'python3 with venv is missing', hint);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `grpcio==${grpcioVersion}`];
  run(python, install, {}, `grpcio ${grpcioVersion} could not be installed with pip`, 'see the lines above');
  writeStamp(stamp, grpcioVersion);
  return python;
}

/** The peer in Go, built when it is missing or its sources changed; throws as `ensurePython` does. */
export function ensureGoPeer() {
  return goProgram('peer', path.join(tests, 'grpc', 'go'));
}

/** The xDS client in Go, as `ensureGoPeer`. */
export function ensureGoXdsClient() {
  return goProgram('xds-client', path.join(tests, 'xds', 'go'));
}

function goProgram(name, module) {
  const folder = path.join(cache(), 'grpc-go');
  const program = path.join(folder, name);
  const stamp = path.join(folder, `.stamp-${name}`);
  const wanted = digest(module, ['go.mod', 'go.sum', 'main.go']);
  if (fs.existsSync(program) && isCurrent(stamp, wanted)) return program;
  fs.mkdirSync(folder, { recursive: true });
  const draft = path.join(folder, `${name}-${process.pid}`);
  const options = { cwd: module, env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' } };
  const goVersion = /^go (\d+\.\d+)/m.exec(fs.readFileSync(path.join(module, 'go.mod'), 'utf8'))[1];
  const hint = `install Go ${goVersion} or newer (https://go.dev/doc/install)`;
  const build = ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-o', draft, '.'];
  run('go', build, options, `Go is missing or could not build ${name}`, hint);
  fs.renameSync(draft, program);
  writeStamp(stamp, wanted);
  return program;
}

function run(command, args, options, failure, hint) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 900_000, ...options });
  if (error === undefined && status === 0) return;
  throw new StepError(failure, { hint, output: error?.message ?? stderr });
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    console.log(ensurePython());
    console.log(ensureGoPeer());
    console.log(ensureGoXdsClient());
  } catch (error) {
    exitWith(error);
  }
}

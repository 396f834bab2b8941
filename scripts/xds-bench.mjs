// Makes sure that the Go part of the benchmark `xds` is in the cache folder: go-control-plane as a server, and the clients.
// Its modules are fetched with the checksums of go.sum. Plain JavaScript that an old Node can run.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildGo, requireGo } from './lib/go.mjs';
import { digest, isCurrent, writeStamp } from './lib/stamp.mjs';
import { exitWith, seconds } from './lib/steps.mjs';

const module = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'bench', 'xds', 'go');

/** The versions that are measured, by module, and of Go itself. */
export function xdsBenchVersions() {
  const text = fs.readFileSync(path.join(module, 'go.mod'), 'utf8');
  const of = (name) => new RegExp(`^\\s*${name} v?(\\S+)`, 'm').exec(text)[1];
  return {
    goControlPlane: of('github.com/envoyproxy/go-control-plane'),
    grpcGo: of('google.golang.org/grpc'),
    go: of('go'),
  };
}

/**
 * The program, built when it is missing or its sources changed: about a minute the first time. Throws a `StepError` that says
 * what is missing and how to get it.
 */
export function ensureXdsBench(log = () => {}) {
  const cache = process.env.SMI_MESH_CACHE || path.join(os.homedir(), '.cache', 'smi-mesh');
  const { goControlPlane, go } = xdsBenchVersions();
  const folder = path.join(cache, 'go-control-plane', goControlPlane);
  const program = path.join(folder, 'xds-bench');
  const stamp = path.join(folder, '.stamp');
  const wanted = digest(module, ['.']);
  if (fs.existsSync(program) && isCurrent(stamp, wanted)) return program;
  const install = `install Go ${go} or newer (https://go.dev/doc/install)`;
  requireGo('Go is missing, so go-control-plane cannot be built', install);
  fs.mkdirSync(folder, { recursive: true });
  const draft = fs.mkdtempSync(path.join(folder, 'draft-'));
  const started = Date.now();
  log(`building go-control-plane ${goControlPlane} with Go; the first time takes about a minute ...`);
  try {
    const output = path.join(draft, 'xds-bench');
    buildGo({ module, name: `go-control-plane ${goControlPlane}`, target: '.', output, hint: install });
    // The rename makes it appear complete or not at all, also with several builds at once.
    fs.renameSync(output, program);
    writeStamp(stamp, wanted);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  log(`go-control-plane ${goControlPlane} is in ${folder} (${seconds(Date.now() - started)})`);
  return program;
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    console.log(ensureXdsBench((line) => console.error(line)));
  } catch (error) {
    exitWith(error);
  }
}

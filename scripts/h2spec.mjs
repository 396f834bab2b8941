// Makes sure that h2spec, which tries servers of HTTP/2, is in the cache folder, built from its Go module by the ordinary go
// client. Plain JavaScript that an old Node can run; used by test/feature/h2spec.test.ts.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildGo, requireGo } from './lib/go.mjs';
import { digest, isCurrent, writeStamp } from './lib/stamp.mjs';
import { exitWith, seconds } from './lib/steps.mjs';

const module = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'test', 'feature', 'h2spec');
const goMod = fs.readFileSync(path.join(module, 'go.mod'), 'utf8');
const version = /^require github\.com\/summerwind\/h2spec v([\d.]+)/m.exec(goMod)[1];
const goVersion = /^go (\d+\.\d+)/m.exec(goMod)[1];
const install = `install Go ${goVersion} or newer (https://go.dev/doc/install)`;

/**
 * Returns the path of h2spec, building it when it is missing: about a minute the first time. Throws a `StepError` that says
 * what is missing and how to get it.
 */
export function ensureH2spec(log = () => {}) {
  const cache = process.env.SMI_MESH_CACHE || path.join(os.homedir(), '.cache', 'smi-mesh');
  const folder = path.join(cache, 'h2spec', version);
  const file = path.join(folder, 'h2spec');
  const stamp = path.join(folder, '.stamp');
  const wanted = digest(module, ['go.mod', 'go.sum']);
  if (fs.existsSync(file) && isCurrent(stamp, wanted)) return file;
  requireGo('Go is missing, so h2spec cannot be built', install);
  fs.mkdirSync(folder, { recursive: true });
  const draft = fs.mkdtempSync(path.join(folder, 'draft-'));
  const started = Date.now();
  log(`building h2spec ${version} with Go; the first time takes about a minute ...`);
  try {
    const output = path.join(draft, 'h2spec');
    const target = 'github.com/summerwind/h2spec/cmd/h2spec';
    buildGo({ module, name: `h2spec ${version}`, target, output, hint: install });
    // The rename makes it appear complete or not at all, also with several builds at once.
    fs.renameSync(output, file);
    writeStamp(stamp, wanted);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  log(`h2spec ${version} is in ${folder} (${seconds(Date.now() - started)})`);
  return file;
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  try {
    console.log(ensureH2spec((line) => console.error(line)));
  } catch (error) {
    exitWith(error);
  }
}

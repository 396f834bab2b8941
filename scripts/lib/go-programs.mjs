// Programs that are built once from a pinned Go module into the cache folder, outside of the checkout.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildGo, requireGo, sourcesOf } from './go.mjs';
import { digest } from './stamp.mjs';
import { seconds } from './steps.mjs';

/** `SMI_MESH_CACHE`, else `~/.cache/smi-mesh`. */
export const cacheFolder = () => process.env.SMI_MESH_CACHE || path.join(os.homedir(), '.cache', 'smi-mesh');

/** The version of a required module in a go.mod. */
export function requiredVersion(module, name) {
  const line = new RegExp(`^(?:require)?\\s*${name.replaceAll('.', '\\.')} v(\\S+)`, 'm');
  return line.exec(fs.readFileSync(path.join(module, 'go.mod'), 'utf8'))[1];
}

/**
 * The folder where a program is or would be. Its name tells what it is built from, so that checkouts with different
 * sources do not take it from each other.
 */
export function programFolder({ module, name, version }) {
  const sources = fs.readdirSync(module).filter((file) => /\.go$|^go\.(mod|sum)$/.test(file));
  return path.join(cacheFolder(), name, `${version}-${digest(module, sources.sort()).slice(0, 12)}`);
}

export function isBuilt(program) {
  return fs.existsSync(programFolder(program));
}

/**
 * Returns the folder with a program and its other names, building it when it is missing. `files` are copied beside it from the
 * sources of a module. Throws a `StepError` that says what is missing and how to get it.
 */
export function ensureProgram(
  { duration, install, flags, target = '.', aliases = [], files = { names: [] }, ...program },
  log = () => {},
) {
  const folder = programFolder(program);
  if (fs.existsSync(folder)) return folder;
  const title = `${program.name} ${program.version}`;
  requireGo(`Go is missing, so ${title} cannot be built`, install);
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const draft = fs.mkdtempSync(path.join(path.dirname(folder), 'draft-'));
  const started = Date.now();
  log(`building ${title} with Go; the first time takes about ${duration} ...`);
  try {
    const output = path.join(draft, program.name);
    buildGo({ module: program.module, name: title, target, output, flags, hint: install });
    for (const alias of aliases) fs.symlinkSync(program.name, path.join(draft, alias));
    for (const name of files.names) {
      const source = path.join(sourcesOf(program.module, files.module), name);
      fs.cpSync(source, path.join(draft, path.basename(name)), { recursive: true });
    }
    fs.chmodSync(draft, 0o755);
    publish(draft, folder);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  log(`${title} is in ${folder} (${seconds(Date.now() - started)})`);
  return folder;
}

/** The rename makes everything appear complete or not at all, also with several builds at once: the first one wins. */
function publish(draft, folder) {
  try {
    fs.renameSync(draft, folder);
  } catch (error) {
    if (!fs.existsSync(folder)) throw error;
  }
}

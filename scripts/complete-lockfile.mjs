// Adds to package-lock.json the optional packages of other platforms that npm left out because the registry in use did
// not have them; `npm ci` refuses a lockfile without them, on every platform. Run it after `npm install` of anything.
// Their versions are exact in the packages that name them; platform and libc are spelled in their names.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const file = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const exact = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const systems = /(?:^|[-/])(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|aix|win32|wasm32)(?:-|$)/;
const processors = /-(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)(?:-|$)/;

/** How npm itself describes a package that only some machines install, or nothing when the name says too little. */
function platformOf(name) {
  const os = systems.exec(name)?.[1];
  const cpu = os === 'wasm32' ? 'wasm32' : processors.exec(name)?.[1];
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os === 'linux' ? (/musl/.test(name) ? ['musl'] : /gnu/.test(name) ? ['glibc'] : undefined) : undefined;
  return { cpu: [cpu], ...(libc && { libc }), optional: true, ...(os !== 'wasm32' && { os: [os] }) };
}

/** Where Node would find `name` from the package at `from`; undefined when the lockfile has none. */
function resolved(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    const candidate = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (lock.packages[candidate]) return candidate;
    if (at === '') return undefined;
  }
}

let added = 0;
for (const [from, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (resolved(from, name) || !exact.test(version)) continue;
    const platform = platformOf(name);
    if (platform === undefined) {
      console.error(`left out: ${name}@${version}, whose platform its name does not say`);
      process.exitCode = 1;
      continue;
    }
    lock.packages[`node_modules/${name}`] = { version, ...platform, ...(dev && { dev }) };
    added += 1;
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} added`);

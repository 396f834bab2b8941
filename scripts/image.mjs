// Makes the root file system of the container image as a folder: Node, the program, the libraries that both need, iptables,
// and nothing else; no shell, no package manager. deploy/Dockerfile puts it into an image as it is.
//   node scripts/image.mjs --out FOLDER
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildDashboard } from './dashboard.mjs';
import { exitWith, StepError, step } from './lib/steps.mjs';
import { root, setUp } from './setup.mjs';

/** Where the program is in the image. */
const home = 'opt/smi-mesh';
/** What it reads at run time, beside its bundle. */
const data = ['generated/discovery.json', 'generated/envoy.json', 'generated/proxy.json', 'generated/status.json'];
const folders = ['schemas', 'deploy/chart'];

/**
 * Makes the tree in `folder`, which has to be absent or empty. `node` is the Node that bundles and that goes into the
 * image. Dependencies and generated files have to be there.
 */
export function makeImageTree(folder, node) {
  fs.mkdirSync(folder, { recursive: true });
  if (fs.readdirSync(folder).length > 0) throw new StepError(`${folder} is not empty`);
  addProgram(folder, node);
  const native = addNativePackages(folder);
  addFile(folder, fs.realpathSync(node), 'usr/bin/node');
  const iptables = addIptables(folder);
  for (const file of [node, ...native, ...iptables]) addLibraries(folder, fs.realpathSync(file));
  addSystemFiles(folder);
}

function addProgram(folder, node) {
  const target = path.join(folder, home);
  const tsdown = path.join(root, 'node_modules/tsdown/dist/run.mjs');
  const args = [tsdown, '--config', 'tsdown.image.config.ts', '--out-dir', path.join(target, 'dist')];
  execFileSync(node, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  buildDashboard(path.join(target, 'dist/dashboard'), node);
  for (const name of data) addFile(target, path.join(root, name), name);
  for (const name of folders) fs.cpSync(path.join(root, name), path.join(target, name), { recursive: true });
  const { name, version, type } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  fs.writeFileSync(path.join(target, 'package.json'), `${JSON.stringify({ name, version, type })}\n`);
  const main = path.join(target, 'dist/smi-cli.mjs');
  fs.chmodSync(main, 0o755);
  fs.mkdirSync(path.join(folder, 'usr/bin'), { recursive: true });
  fs.symlinkSync(`/${home}/dist/smi-cli.mjs`, path.join(folder, 'usr/bin/smi-cli'));
}

/** Packages with machine code cannot be bundled; of koffi the image needs its entry and the binary of this machine. */
function addNativePackages(folder) {
  const modules = path.join(root, 'node_modules');
  const native = `@koromix/koffi-linux-${process.arch}`;
  const binary = path.join(modules, native, `linux_${process.arch}`, 'koffi.node');
  if (!fs.existsSync(binary)) return [];
  const files = [
    'koffi/package.json',
    'koffi/index.js',
    'koffi/src/koffi/index.js',
    'koffi/src/koffi/src/static.js',
    `${native}/package.json`,
  ];
  for (const name of [...files, `${native}/index.js`, path.relative(modules, binary)]) {
    addFile(path.join(folder, home, 'node_modules'), path.join(modules, name), name);
  }
  return [binary];
}

/** Both kinds of iptables: which one a node's kernel has is known only there. */
function addIptables(folder) {
  const programs = ['xtables-nft-multi', 'xtables-legacy-multi'].map((name) => `/usr/sbin/${name}`);
  const missing = programs.find((file) => !fs.existsSync(file));
  if (missing) throw new StepError(`${missing} is missing`, { hint: 'install the package iptables (Debian)' });
  for (const file of programs) addFile(folder, file, file);
  for (const kind of ['nft', 'legacy']) {
    for (const base of ['iptables', 'ip6tables']) {
      for (const suffix of ['', '-restore', '-save']) {
        const link = path.join(folder, 'usr/sbin', `${base}-${kind}${suffix}`);
        fs.symlinkSync(`xtables-${kind}-multi`, link);
        if (kind === 'nft') fs.symlinkSync(path.basename(link), path.join(folder, 'usr/sbin', `${base}${suffix}`));
      }
    }
  }
  const extensions = fs.readdirSync('/usr/lib', { withFileTypes: true }).flatMap((entry) => {
    const candidate = `/usr/lib/${entry.name}/xtables`;
    return entry.isDirectory() && fs.existsSync(candidate) ? [candidate] : [];
  });
  for (const extension of extensions) fs.cpSync(extension, path.join(folder, extension), { recursive: true });
  return programs;
}

/** The loader and the shared libraries of a program, at the paths where it looks for them. */
function addLibraries(folder, file) {
  const listed = execFileSync('ldd', [file], { encoding: 'utf8' });
  for (const [, library] of listed.matchAll(/(?:^|=>)\s*(\/\S+) \(0x/gm)) addFile(folder, library, library);
}

/** Users by name, how names are looked up, and the folders that programs expect. */
function addSystemFiles(folder) {
  const users = { root: 0, 'smi-mesh-proxy': 15_000, nonroot: 65_532 };
  const write = (name, text) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  };
  const lines = (line) => Object.entries(users).map(([name, id]) => `${line(name, id)}\n`);
  write('etc/passwd', lines((name, id) => `${name}:x:${id}:${id}::/:/sbin/nologin`).join(''));
  write('etc/group', lines((name, id) => `${name}:x:${id}:`).join(''));
  write('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  for (const name of ['dev', 'proc', 'run', 'sys', 'var/lib/smi-mesh', 'var/run']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  }
  fs.mkdirSync(path.join(folder, 'tmp'));
  fs.chmodSync(path.join(folder, 'tmp'), 0o1777);
}

function addFile(folder, source, name) {
  const target = path.join(folder, name);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.copyFileSync(fs.realpathSync(source), target, fs.constants.COPYFILE_FICLONE);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({ options: { out: { type: 'string' } } });
    if (values.out === undefined) throw new StepError('where to?', { hint: 'node scripts/image.mjs --out FOLDER' });
    const out = path.resolve(values.out);
    const node = await setUp({ build: false });
    await step('root file system', () => makeImageTree(out, node));
  } catch (error) {
    exitWith(error);
  }
}

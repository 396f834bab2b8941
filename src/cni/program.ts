import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of the image's root file system the plug-in needs on a node: it brings its own libraries. */
const parts = ['opt/smi-mesh', 'usr/bin', 'usr/sbin', 'usr/lib', 'lib', 'lib64'];
const loaders = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1'];
const iptables = ['nft', 'legacy'].flatMap((kind) =>
  ['iptables', 'ip6tables'].flatMap((base) =>
    ['', '-restore', '-save'].map((suffix) => ({ name: `${base}-${kind}${suffix}`, multi: `xtables-${kind}-multi` })),
  ),
);

/**
 * Copies the program out of the image to a folder of the node, which may have neither Node nor iptables nor these libraries, and
 * puts a script there that runs it; the script changes at once from one version to the next. Its path is the result.
 */
export function copyProgram(root: string, folder: string, name: string): string {
  const loader = loaders.find((candidate) => existsSync(join(root, candidate)));
  if (loader === undefined) throw new Error(`${root} is not the root of the image of smi-mesh`);
  const all = join(folder, `${name}.d`);
  const target = join(all, `${Date.now()}`);
  for (const part of parts.filter((candidate) => existsSync(join(root, candidate)))) {
    cpSync(join(root, part), join(target, part), { recursive: true, verbatimSymlinks: true });
  }
  const libraries = libraryFolders(target);
  const run = (program: string) =>
    `exec ${target}/${loader} --library-path ${libraries.join(':')} ${target}/${program}`;
  const extensions = libraries.map((library) => join(library, 'xtables')).find((path) => existsSync(path)) ?? '';
  const wrappers = join(target, 'wrappers');
  mkdirSync(wrappers);
  for (const { name: tool, multi } of iptables) {
    script(join(wrappers, tool), [`export XTABLES_LIBDIR=${extensions}`, `${run(`usr/sbin/${multi}`)} ${tool} "$@"`]);
  }
  const start = `${run('usr/bin/node')} ${target}/opt/smi-mesh/dist/smi-cli.mjs cni`;
  const path = join(folder, name);
  script(`${path}.new`, [`export PATH=${wrappers}`, start]);
  renameSync(`${path}.new`, path);
  for (const old of readdirSync(all)) {
    if (join(all, old) !== target) rmSync(join(all, old), { recursive: true, force: true });
  }
  return path;
}

/** Folders of the copy that libraries are in. */
function libraryFolders(target: string): readonly string[] {
  const candidates = ['lib64', 'lib', 'usr/lib'].flatMap((part) => {
    const folder = join(target, part);
    if (!existsSync(folder)) return [];
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...inner.map((entry) => join(folder, entry.name))];
  });
  return candidates.filter(
    (folder) => readdirSync(folder).some((file) => /\.so(\.|$)/.test(file)) || existsSync(join(folder, 'xtables')),
  );
}

function script(file: string, lines: readonly string[]): void {
  writeFileSync(file, `${['#!/bin/sh', ...lines].join('\n')}\n`);
  chmodSync(file, 0o755);
}

import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from './archive.ts';
import type { Layer } from './image.ts';

/** What programs expect of any system: users, a place for temporary files, certificates of public authorities. */
export function systemLayer(): Layer {
  const text = (content: string): Entry => ({ kind: 'file', content: Buffer.from(content), mode: 0o644 });
  return new Map<string, Entry>([
    ['tmp', { kind: 'folder', mode: 0o1777 }],
    ['root', { kind: 'folder', mode: 0o700 }],
    ['etc/passwd', text('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')],
    ['etc/group', text('root:x:0:\nnogroup:x:65534:\n')],
    ['etc/nsswitch.conf', text('hosts: files dns\n')],
  ]);
}

/** A program of this machine at a path, with the libraries that it is linked with. */
export function programLayer(file: string, destination: string): Layer {
  const layer = new Map<string, Entry>([[destination, fileEntry(file, 0o755)]]);
  for (const library of librariesOf(file)) layer.set(library.slice(1), fileEntry(library, 0o755));
  return layer;
}

/** Busybox as `/bin/sh` and all its other names. */
export function busyboxLayer(): Layer {
  const busybox = '/bin/busybox';
  const layer = new Map<string, Entry>([[busybox.slice(1), fileEntry(busybox, 0o755)]]);
  for (const name of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean)) {
    if (name !== 'busybox') layer.set(`bin/${name}`, { kind: 'link', target: busybox });
  }
  return layer;
}

/** Everything below a folder of this machine that `wanted` takes, at a path. */
export function folderLayer(
  folder: string,
  destination: string,
  wanted: (path: string) => boolean = () => true,
): Layer {
  const layer = new Map<string, Entry>();
  const walk = (relative: string): void => {
    const file = join(folder, relative);
    const stat = lstatSync(file);
    const name = [destination, relative].filter((part) => part !== '').join('/');
    if (stat.isDirectory()) {
      if (name !== '') layer.set(name, { kind: 'folder', mode: stat.mode & 0o7777 });
      for (const entry of readdirSync(file).sort()) {
        const below = relative === '' ? entry : `${relative}/${entry}`;
        if (wanted(below)) walk(below);
      }
    } else if (stat.isSymbolicLink()) layer.set(name, { kind: 'link', target: readlinkSync(file) });
    else layer.set(name, fileEntry(file, (stat.mode & 0o111) === 0 ? 0o644 : 0o755));
  };
  walk('');
  return layer;
}

export const joined = (...layers: readonly Layer[]): Layer => new Map(layers.flatMap((layer) => [...layer]));

function fileEntry(file: string, mode: number): Entry {
  return { kind: 'file', content: readFileSync(file), mode };
}

/** None of a program that is linked statically. */
function librariesOf(file: string): readonly string[] {
  let output = '';
  try {
    output = execFileSync('ldd', [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch {
    return [];
  }
  return [...output.matchAll(/(\/\S+)\s+\(0x/g)].map(([, library = '']) => library);
}

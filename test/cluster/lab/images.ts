import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ensureEnvoy } from '../../../scripts/envoy.mjs';
import { makeImageTree } from '../../../scripts/image.mjs';
import { cacheFolder } from '../../../scripts/lib/go-programs.mjs';
import { digest } from '../../../scripts/lib/stamp.mjs';
import type { Entry } from './archive.ts';
import { type Image, writeImages } from './image.ts';
import { busyboxLayer, folderLayer, joined, programLayer, systemLayer } from './layers.ts';

/** The names of the images, as charts and manifests have them unless told otherwise. */
const meshImage = `ghcr.io/smi-mesh/smi-mesh:${packageVersion()}`;
const envoyImage = 'docker.io/envoyproxy/envoy:distroless-v1.40.0';
/** As a node completes the name in the manifests of the example. */
const bookstoreImage = 'docker.io/library/smi-mesh-bookstore:latest';
/** Busybox, curl, Node, and the programs of `test/cluster/programs` in its working folder. */
export const toolsImage = 'lab.test/tools:1';
/** The test application of the conformance suite, as `conformance/application/Dockerfile` makes it. */
export const conformanceImage = 'lab.test/conformance:1';

function packageVersion(): string {
  return (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version;
}

/** Writes the images that every node needs; gives their archive, beside the programs in the cache. */
export function systemImages({ coredns, pause }: { readonly coredns: string; readonly pause: string }): string {
  const file = join(dirname(coredns), 'images.tar');
  if (existsSync(file)) return file;
  const program = (reference: string, path: string, name: string): Image => ({
    reference,
    layers: [joined(systemLayer(), programLayer(path, name))],
    entrypoint: [`/${name}`],
  });
  writeImages(file, [
    program('registry.k8s.io/pause:3.10', pause, 'pause'),
    program('lab.test/coredns:1', coredns, 'coredns'),
  ]);
  return file;
}

/** What the archive is made from. */
const sources = [
  ...['src', 'adapters', 'generated', 'schemas', 'deploy/chart', 'examples/bookstore/apps'],
  ...['test/cluster/lab/image.ts', 'test/cluster/lab/images.ts', 'test/cluster/lab/layers.ts', 'test/cluster/programs'],
  ...['package-lock.json', 'package.json', 'tsconfig.json', 'tsdown.image.config.ts', 'scripts/image.mjs'],
];

/** The images of this checkout: the mesh itself, Envoy, the example's programs and tools for tests. Made when something changed. */
export function meshImages(log: (line: string) => void = () => undefined): string {
  const folder = join(cacheFolder(), 'images');
  const file = join(folder, `${digest(resolve('.'), sources).slice(0, 16)}.tar`);
  if (existsSync(file)) return file;
  log('making the images of this checkout ...');
  const tree = mkdtempSync(join(tmpdir(), 'smi-mesh-image-'));
  try {
    makeImageTree(tree, process.execPath);
    writeImages(file, imagesOf(tree));
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
  removeOld(folder, file);
  return file;
}

function imagesOf(tree: string): readonly Image[] {
  const program = 'opt/smi-mesh';
  const node = folderLayer(tree, '', (path) => path !== program);
  const envoy = joined(systemLayer(), programLayer(ensureEnvoy(), 'usr/local/bin/envoy'));
  const tools = joined(
    busyboxLayer(),
    programLayer('/usr/bin/curl', 'usr/bin/curl'),
    folderLayer(resolve('test/cluster/programs'), 'srv/programs'),
  );
  const modules: Entry = { kind: 'file', content: Buffer.from('{ "type": "module" }'), mode: 0o644 };
  const conformance = new Map([['srv/conformance/package.json', modules]]);
  return [
    {
      reference: meshImage,
      layers: [node, folderLayer(join(tree, program), program)],
      entrypoint: ['/usr/bin/smi-cli'],
      user: '65532:65532',
    },
    { reference: envoyImage, layers: [envoy], entrypoint: ['/usr/local/bin/envoy'], user: '65532:65532' },
    {
      reference: bookstoreImage,
      layers: [node, folderLayer(resolve('examples/bookstore/apps'), 'srv/bookstore/apps')],
      workingFolder: '/srv/bookstore',
      user: '1000:1000',
    },
    {
      reference: conformanceImage,
      layers: [
        node,
        joined(conformance, folderLayer(resolve('src/conformance/application'), 'srv/conformance/application')),
      ],
      entrypoint: ['/usr/bin/node', 'application/main.ts'],
      workingFolder: '/srv/conformance',
      user: '1000:1000',
    },
    { reference: toolsImage, layers: [node, tools], command: ['/bin/sh'], workingFolder: '/srv/programs' },
  ];
}

/** Those of other checkouts are soon made again. */
function removeOld(folder: string, newest: string): void {
  const archives = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.tar') && path !== newest)
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
  // Others on this machine may be about to read theirs.
  for (const path of archives.slice(0, -8)) rmSync(path, { force: true });
}

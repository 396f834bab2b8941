import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Archive, type Entry } from './archive.ts';

/** Files of an image by their absolute paths, without the first slash; folders above them come by themselves. */
export type Layer = ReadonlyMap<string, Entry>;

export interface Image {
  /** With the name of a registry that has a dot, or a node would complete it with its default and look for it there. */
  readonly reference: string;
  /** The lowest first; images with the same objects here share them. */
  readonly layers: readonly Layer[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** As `USER` of a Dockerfile. */
  readonly user?: string;
}

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Writes images as one archive in the layout of OCI, which `ctr images import` takes; every layer is in it once. */
export function writeImages(file: string, images: readonly Image[]): void {
  mkdirSync(dirname(file), { recursive: true });
  const folder = mkdtempSync(join(dirname(file), 'draft-'));
  try {
    const archive = new Archive(join(folder, 'archive'));
    const blobs = new Map<string, number>();
    const addBlob = (content: Buffer): { readonly digest: string; readonly size: number } => {
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      if (!blobs.has(digest)) archive.add(`blobs/${digest.replace(':', '/')}`, { kind: 'file', content, mode: 0o644 });
      blobs.set(digest, content.length);
      return { digest, size: content.length };
    };
    archive.add('oci-layout', jsonFile({ imageLayoutVersion: '1.0.0' }));
    const layers = new Map<Layer, { readonly digest: string; readonly size: number }>();
    for (const layer of new Set(images.flatMap((image) => image.layers))) {
      layers.set(layer, addBlob(layerArchive(join(folder, 'layer'), layer)));
    }
    const manifests = images.map((image) => {
      const descriptors = image.layers.map((layer) => layers.get(layer)!);
      const config = addBlob(Buffer.from(JSON.stringify(configOf(image, descriptors))));
      const manifest = addBlob(Buffer.from(JSON.stringify(manifestOf(config, descriptors))));
      const annotations = { 'io.containerd.image.name': image.reference };
      return { mediaType: `${media}.manifest.v1+json`, ...manifest, annotations };
    });
    archive.add('index.json', jsonFile({ schemaVersion: 2, manifests }));
    archive.close();
    renameSync(join(folder, 'archive'), file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const media = 'application/vnd.oci.image';

function jsonFile(value: unknown): Entry {
  return { kind: 'file', content: Buffer.from(JSON.stringify(value)), mode: 0o644 };
}

function layerArchive(file: string, layer: Layer): Buffer {
  const archive = new Archive(file);
  const folders = new Set<string>();
  const addFolders = (name: string): void => {
    const parent = dirname(name);
    if (parent === '.' || folders.has(parent)) return;
    addFolders(parent);
    folders.add(parent);
    if (layer.get(parent) === undefined) archive.add(`${parent}/`, { kind: 'folder', mode: 0o755 });
  };
  for (const [name, entry] of [...layer].sort(([one], [other]) => (one < other ? -1 : 1))) {
    addFolders(name);
    archive.add(entry.kind === 'folder' ? `${name}/` : name, entry);
  }
  archive.close();
  return readFileSync(file);
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

function configOf(image: Image, layers: readonly Blob[]): unknown {
  const environment = { PATH: path, ...image.environment };
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      Entrypoint: image.entrypoint,
      Cmd: image.command,
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      WorkingDir: image.workingFolder,
      User: image.user,
    },
    // The layers are not compressed, so these are their digests too.
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
}

function manifestOf(config: Blob, layers: readonly Blob[]): unknown {
  return {
    schemaVersion: 2,
    mediaType: `${media}.manifest.v1+json`,
    config: { mediaType: `${media}.config.v1+json`, ...config },
    layers: layers.map((layer) => ({ mediaType: `${media}.layer.v1.tar`, ...layer })),
  };
}

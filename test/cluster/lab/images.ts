import { dirname, join } from 'node:path';
import { writeImages } from './image.ts';
import { joined, programLayer, systemLayer } from './layers.ts';

/** Writes the images that every node needs; gives their archive, beside the programs in the cache. */
export function systemImages({ coredns, pause }: { readonly coredns: string; readonly pause: string }): string {
  const file = join(dirname(coredns), 'images.tar');
  const program = (reference: string, path: string, name: string) => ({
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

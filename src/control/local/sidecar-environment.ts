import type { PodObject } from '../../kubernetes/types.ts';

/** A sidecar takes nothing from the environment but where to find programs and temporary files. */
export function sidecarEnvironment({ meta }: PodObject): Readonly<Record<string, string>> {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  return { PATH, HOME, ...(TMPDIR === '' ? {} : { TMPDIR }), POD_NAME: meta.name };
}

import { createAuthority } from '../identity/authority.ts';
import type { PodObject } from '../kubernetes/types.ts';
import { serveSocket } from './admin/socket.ts';
import { FileSource } from './file-source.ts';
import { type Plane, type PlaneOptions, startPlane } from './plane.ts';

export interface ControlPlaneOptions extends Omit<PlaneOptions, 'source' | 'authority'> {
  readonly paths: readonly string[];
  /**
   * Private directory for the authority's key, the last good objects, and the socket that answers questions; without it
   * nothing survives the process, and nobody can ask.
   */
  readonly stateDirectory?: string;
  /**
   * Nothing is published before `setPods` was called once: after a restart, proxies keep what they have until the pods
   * that run are known.
   */
  readonly awaitPods?: boolean;
  readonly pollMillis?: number;
}

export interface ControlPlane extends Plane {
  /** The pods that run, beside those of the files; replaces the list before. */
  setPods(pods: readonly PodObject[]): void;
}

/**
 * Files to proxies: watches, loads, compiles, emits, publishes. Rejects when the state directory is not private or the
 * address cannot be bound.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { paths, stateDirectory, awaitPods, pollMillis, ...rest } = options;
  const state = stateDirectory === undefined ? {} : { stateDirectory };
  const authority = await createAuthority({ trustDomain: options.compileOptions.trustDomain, ...state });
  const source = new FileSource({
    paths,
    ...state,
    ...(awaitPods === undefined ? {} : { awaitPods }),
    ...(pollMillis === undefined ? {} : { pollMillis }),
  });
  const plane = await startPlane({ ...rest, source, authority });
  const socket = stateDirectory === undefined ? undefined : await serveSocket(stateDirectory, plane.admin);
  if (socket?.ok === false) {
    await plane.close();
    throw new Error(`questions cannot be answered: ${socket.error}`);
  }
  return {
    ...plane,
    setPods: (pods) => source.setPods(pods),
    close: async () => {
      if (socket?.ok) await socket.value.close();
      await plane.close();
    },
  };
}

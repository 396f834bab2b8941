import type { ControlPlane } from '../../../src/control/control-plane.ts';
import type { Pod } from './mesh.ts';

export interface Sidecar {
  /** What it has printed so far. */
  readonly log: () => string;
}

/** Starts the sidecar of a pod as `sidecarUser`; resolves when it is ready. */
export type StartSidecar = (pod: Pod, controlPlane: ControlPlane, folder: string) => Promise<Sidecar>;

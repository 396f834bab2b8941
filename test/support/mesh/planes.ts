import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import type { Credentials } from './credentials.ts';

/** A data plane under test. */
export interface Plane {
  readonly name: string;
  /** Starts the sidecars of some workloads; settles when they take traffic. The result stops them for good. */
  start(model: MeshModel, workloads: readonly WorkloadId[], credentials: Credentials): Promise<() => Promise<void>>;
}

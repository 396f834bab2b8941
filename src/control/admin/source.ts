import type { Locate, ObjectKey } from '../../diagnostics/origin.ts';
import type { ProxyState } from '../../xds/contract.ts';
import type { XdsResource } from '../../xds/view.ts';
import type { LocatedDiagnostic } from '../messages.ts';
import type { RefusalTracker } from '../refusals/tracker.ts';
import type { RolloutTracker } from '../rollouts/tracker.ts';
import type { TapTarget } from './contract.ts';

/** What the handlers ask of a running control plane. */
export interface AdminSource {
  readonly rollouts: RolloutTracker;
  readonly refusals: RefusalTracker;
  proxies(): readonly ProxyState[];
  /** The streams of one node. */
  proxiesOf(node: string): readonly ProxyState[];
  /** The name of the adapter that makes a proxy's configuration. */
  dataPlaneOf(proxy: ProxyState): string;
  /** What a version of a resource says, as plain JSON; nothing for secrets, and for versions that are forgotten. */
  contentOf(proxy: ProxyState, typeUrl: string, resource: string, version: string): unknown;
  /** The objects that a resource of a proxy's view is made from. */
  objectsOf(proxy: ProxyState, resource: XdsResource): readonly ObjectKey[];
  /** Workloads that have a sidecar by what the manifests mean. */
  workloads(): readonly string[];
  /** The workloads whose proxies can be tapped. */
  tapTargets(): readonly TapTarget[];
  /** Where a field of an object stands in the files, if they are files. */
  locate: Locate;
  /** Reads what was saved until now, and publishes it; rejects when that cannot be done. */
  look(signal: AbortSignal): Promise<void>;
  /** Errors of the files as they are now, with their objects. */
  errors(): readonly LocatedDiagnostic[];
  /** An object that is, or was, in the files, by `KIND/NAMESPACE/NAME` or `KIND/NAME` in the namespace `default`. */
  findObject(text: string): ObjectKey | undefined;
  /** The load in which an object last changed; 0 where that is not remembered. */
  lastChange(object: ObjectKey): number;
  /** Prometheus text format. */
  metrics(): string;
}

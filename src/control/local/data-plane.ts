import { type DataPlaneKind, podAnnotations } from '../../kubernetes/names.ts';
import type { PodObject } from '../../kubernetes/types.ts';
import type { AdsAddress } from '../messages.ts';

type Annotated = { readonly meta: Pick<PodObject['meta'], 'annotations'> };

/** The data plane of a planned pod. */
export function dataPlaneOf(pod: Annotated): DataPlaneKind {
  return pod.meta.annotations[podAnnotations.dataPlane] === 'envoy' ? 'envoy' : 'proxy';
}

/** How to run an Envoy; what its files say is the adapter's business. */
export interface EnvoyRuntime {
  readonly binary: string;
  /** The files of one Envoy by name, `bootstrap.json` among them; those of the credential come beside them. */
  files(node: EnvoyNode, ads: AdsAddress, directory: string): Readonly<Record<string, string>>;
  readonly credentialFiles: Readonly<Record<'certificateChain' | 'privateKey' | 'trustBundle', string>>;
}

export interface EnvoyNode {
  /** `NAMESPACE/POD`. */
  readonly id: string;
  readonly cluster: string;
  readonly address: string;
  readonly adminPort: number;
  /** Of whoever counts what it carries. */
  readonly telemetrySocket: string;
}

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
  /** The admin page that tells what it counted as a client. */
  readonly trafficPath: string;
  /** Reads that page; `undefined` when it is another. */
  readTraffic(text: string): EnvoyTraffic | undefined;
  readonly credentialFiles: Readonly<Record<'certificateChain' | 'privateKey' | 'trustBundle', string>>;
}

export interface EnvoyNode {
  /** `NAMESPACE/POD`. */
  readonly id: string;
  readonly cluster: string;
  readonly address: string;
  readonly adminPort: number;
}

/** What an Envoy counted as a client. */
export interface EnvoyTraffic {
  /** By the port on which it listens. */
  readonly listeners: ReadonlyMap<number, EnvoyListenerTraffic>;
  /** By service port, `NAMESPACE/SERVICE:PORT`: answers by status, and cumulative counts by upper bound in milliseconds. */
  readonly clusters: ReadonlyMap<
    string,
    {
      readonly codes: ReadonlyMap<string, number>;
      readonly times: readonly (readonly [bound: number, count: number])[];
    }
  >;
}

export interface EnvoyListenerTraffic {
  /** Answered, by whomever; of these, with 4xx and with 5xx. */
  readonly requests: number;
  readonly clientErrors: number;
  readonly serverErrors: number;
  /** Answered 403 by the sidecar itself. */
  readonly denied: number;
}

import type { MeshSettings } from '../model/types.ts';

/** `core`: every mesh that claims the API has it. `extended`: what SMI leaves open and we decide, or what not every mesh can do. */
export type Level = 'core' | 'extended';

export const apis = [
  'TrafficSplit',
  'TrafficTarget',
  'HTTPRouteGroup',
  'TCPRoute',
  'UDPRoute',
  'IdentityBinding',
  'TrafficMetrics',
  'legacy',
] as const;

/** The kind of SMI that a case is about; `legacy` is the flow of SMI's own suite. */
export type Api = (typeof apis)[number];

/** A Kubernetes or SMI object as plain data. */
export type Manifest = Readonly<Record<string, unknown>>;

/** A case with every name in full: ready to run. */
export interface ConformanceCase {
  /** `FOLDER/FILE`, and `@VERSION` where a file stands for one case in each of several versions. */
  readonly name: string;
  readonly title: string;
  readonly api: Api;
  readonly feature: string;
  readonly level: Level;
  /** Of docs/semantics.md. */
  readonly clauses: readonly string[];
  /** The SMI versions in which its resources are written: `split.smi-spec.io/v1alpha4`. */
  readonly apiVersions: readonly string[];
  /** Settings of the mesh that differ from the defaults. */
  readonly settings: Partial<MeshSettings>;
  readonly namespaces: readonly string[];
  /** Namespaces, accounts, pods and Services; there before the first step. */
  readonly topology: readonly Manifest[];
  readonly pods: readonly CasePod[];
  readonly steps: readonly Step[];
}

export interface CasePod {
  /** `NAMESPACE/POD`. */
  readonly id: string;
  readonly ready: boolean;
  /** Without a sidecar, or whatever makes a pod of the mesh. */
  readonly outside: boolean;
  readonly ports: readonly CasePort[];
}

export interface CasePort {
  readonly port: number;
  readonly protocol: 'http' | 'tcp' | 'udp';
}

/** A change of the resources, and what must hold from then on. */
export interface Step {
  readonly apply: readonly Manifest[];
  readonly remove: readonly ObjectName[];
  readonly expect: readonly CaseExpectation[];
  /** What the apiserver must answer then; only in a cluster. */
  readonly reads: readonly CaseRead[];
}

export interface CaseRead {
  readonly path: string;
  /** The user in whose name it is asked; absent: the one who runs the suite. */
  readonly as?: string;
  /** Asked of the server behind the path's APIService, past the apiserver's front proxy, whose certificate it lacks. */
  readonly direct?: true;
  /** Part of the answer (`problemOfRead` says which), or the status of one that is no success. */
  readonly wants: { readonly holds: unknown } | { readonly status: number };
}

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface CaseQuestion {
  /** `NAMESPACE/POD`. */
  readonly from: string;
  readonly host: string;
  readonly port: number;
  readonly traffic: Traffic;
}

export type Traffic =
  | {
      readonly kind: 'http';
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
    }
  /** A unary call, with metadata. */
  | { readonly kind: 'grpc'; readonly path: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'tcp' }
  | { readonly kind: 'udp' };

/**
 * What becomes of one request: the pod whose program answered, as `NAMESPACE/POD`, or what the mesh answered: one of
 * `meshAnswers`, or any other text for what no case expects.
 */
export type Outcome = string;

/** `denied` (by policy), `unavailable` (nowhere to send it), `bad-request` (a path without normal form), `unknown-host`. */
export const meshAnswers = ['denied', 'unavailable', 'bad-request', 'unknown-host'] as const;

export interface CaseExpectation {
  readonly label: string;
  readonly question: CaseQuestion;
  readonly gives: Wanted;
  /** The target of the request as the program must see it. */
  readonly sees?: string;
}

export type Wanted =
  /** Every outcome with its weight; nothing else happens, and what has weight 0 never. */
  | {
      readonly kind: 'shares';
      readonly shares: Readonly<Record<Outcome, number>>;
      /** Shares of wrong meshes that must be told apart, beside the usual ones. */
      readonly tellApart: readonly Readonly<Record<Outcome, number>>[];
      /** At least so many requests. */
      readonly atLeast: number;
    }
  /** One of these each time, in whatever shares; with `every`, each of them now and then. */
  | { readonly kind: 'among'; readonly outcomes: readonly Outcome[]; readonly every: boolean };

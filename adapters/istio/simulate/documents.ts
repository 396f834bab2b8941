import { type Artifact, isRecord } from '../../../src/adapter/index.ts';

/** Istio's API as far as it is read here; fields mean what https://istio.io/latest/docs/reference/config/ says. */

interface Document<Kind extends string, Spec> {
  readonly kind: Kind;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Spec;
}

type Labels = Readonly<Record<string, string>>;
interface Selected {
  readonly selector?: { readonly matchLabels?: Labels };
}

export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface RequestMatch {
  readonly uri?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers?: Readonly<Record<string, StringMatch>>;
  readonly port?: number;
  readonly sourceNamespace?: string;
  readonly sourceLabels?: Labels;
}

export interface Destination {
  readonly destination: { readonly host: string; readonly port?: { readonly number: number } };
  readonly weight?: number;
}

interface HeaderOperations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface HttpRoute {
  readonly match?: readonly RequestMatch[];
  readonly route?: readonly Destination[];
  readonly directResponse?: { readonly status: number };
  readonly timeout?: string;
  readonly headers?: { readonly request?: HeaderOperations; readonly response?: HeaderOperations };
  readonly mirrors?: readonly {
    readonly destination: Destination['destination'];
    readonly percentage?: { readonly value?: number };
  }[];
}

export type VirtualService = Document<
  'VirtualService',
  {
    readonly hosts: readonly string[];
    readonly http?: readonly HttpRoute[];
    readonly tcp?: readonly { readonly match?: readonly RequestMatch[]; readonly route: readonly Destination[] }[];
  }
>;

export type ServiceEntry = Document<'ServiceEntry', { readonly hosts: readonly string[] }>;
/** Of Gateway API, as far as Istio has parents that others do not know; the rest is read as anybody does. */
type HttpRouteOfApi = Document<
  'HTTPRoute' | 'GRPCRoute',
  { readonly parentRefs?: readonly { readonly kind?: string; readonly name: string; readonly namespace?: string }[] }
>;
export type Sidecar = Document<'Sidecar', { readonly outboundTrafficPolicy?: { readonly mode: string } }>;

export interface Source {
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  readonly requestPrincipals?: readonly string[];
  readonly notRequestPrincipals?: readonly string[];
  readonly ipBlocks?: readonly string[];
}

export interface Operation {
  readonly ports?: readonly string[];
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
}

export interface Condition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

export interface Rule {
  readonly from?: readonly { readonly source: Source }[];
  readonly to?: readonly { readonly operation: Operation }[];
  readonly when?: readonly Condition[];
}

export type AuthorizationPolicy = Document<
  'AuthorizationPolicy',
  Selected & { readonly action?: 'ALLOW' | 'DENY'; readonly rules?: readonly Rule[] }
>;

interface MutualTls {
  readonly mode: 'STRICT' | 'PERMISSIVE' | 'DISABLE';
}

export type PeerAuthentication = Document<
  'PeerAuthentication',
  Selected & { readonly mtls?: MutualTls; readonly portLevelMtls?: Readonly<Record<string, MutualTls>> }
>;

export interface JwtRule {
  readonly issuer: string;
  readonly fromHeaders?: readonly { readonly name: string; readonly prefix?: string }[];
  readonly outputClaimToHeaders?: readonly { readonly header: string; readonly claim: string }[];
}

export type RequestAuthentication = Document<
  'RequestAuthentication',
  Selected & { readonly jwtRules?: readonly JwtRule[] }
>;

type Kinds = {
  readonly VirtualService: VirtualService;
  readonly ServiceEntry: ServiceEntry;
  readonly HTTPRoute: HttpRouteOfApi;
  readonly GRPCRoute: HttpRouteOfApi;
  readonly Sidecar: Sidecar;
  readonly AuthorizationPolicy: AuthorizationPolicy;
  readonly PeerAuthentication: PeerAuthentication;
  readonly RequestAuthentication: RequestAuthentication;
};

/** The documents of a kind. */
export function ofKind<Kind extends keyof Kinds>(documents: readonly Artifact[], kind: Kind): readonly Kinds[Kind][] {
  return documents.flatMap(({ body }) =>
    (body as Document<string, unknown>).kind === kind ? [asRead(body) as Kinds[Kind]] : [],
  );
}

/** As protobuf has it, where an empty list is none: `ipBlocks: []` asks for no address. */
function asRead(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asRead);
  if (!isRecord(value)) return value;
  const said = Object.entries(value).filter(([, each]) => !(Array.isArray(each) && each.length === 0));
  return Object.fromEntries(said.map(([name, each]) => [name, asRead(each)]));
}

/** Whether labels have all that a selector asks for. */
export function hasLabels(labels: Labels, wanted: Labels = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

import { findPort, type Surroundings, type Workload } from '../../../src/adapter/index.ts';
import { trustDomainOf } from '../../../src/lib/spiffe.ts';
import {
  type AuthorizationPolicy,
  type Condition,
  hasLabels,
  type JwtRule,
  type Operation,
  type PeerAuthentication,
  type RequestAuthentication,
  type Rule,
  type Source,
} from './documents.ts';
import { matchesHeader, matchesPath, matchesPattern } from './texts.ts';

export interface SecurityDocuments {
  readonly authorization: readonly AuthorizationPolicy[];
  readonly peers: readonly PeerAuthentication[];
  readonly tokens: readonly RequestAuthentication[];
  /** Where Istio is told what holds for the whole mesh. */
  readonly rootNamespace: string | undefined;
}

/** A request or a connection that reaches a server's sidecar. */
export interface Arriving {
  readonly client: Workload;
  readonly server: Workload;
  readonly port: number;
  readonly http?: {
    readonly method: string;
    readonly path: string;
    readonly authority: string;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
  };
}

/** What a rule asks about. */
interface Attributes extends Omit<Arriving, 'http'> {
  /** Of the certificate; absent on plain connections. */
  readonly principal?: string;
  readonly http?: NonNullable<Arriving['http']> & {
    /** Those who may have issued the token. Whatever it claims, it is good. */
    readonly issuers: readonly string[];
    readonly claims: ReadonlyMap<string, string>;
  };
}

/** Whether a server's sidecar lets something in: PeerAuthentication, then the policies that refuse, then those that let in. */
export function lets(documents: SecurityDocuments, { trustDomain }: Surroundings, arriving: Arriving): boolean {
  const { client, server, port } = arriving;
  // Without a sidecar nobody asks.
  if (server.transport === 'plain') return true;
  const declared = findPort(server.ports, port);
  if (declared === undefined) return false;
  const mode = tlsMode(documents, server, port);
  // Sidecars know where TLS is off, and speak it everywhere else.
  const principal = mode === 'DISABLE' ? undefined : client.identity.slice('spiffe://'.length);
  const domain = trustDomainOf(client.identity);
  if (principal !== undefined && domain !== trustDomain && !isTrusted(documents, domain ?? '')) return false;
  const { http, ...rest } = arriving;
  if (declared.protocol === 'http' && http === undefined) return false;
  const attributes: Attributes = {
    ...rest,
    ...(principal === undefined ? {} : { principal }),
    ...(http === undefined || declared.protocol !== 'http'
      ? {}
      : { http: withToken(http, tokenRules(documents, server)) }),
  };
  const policies = documents.authorization.filter((policy) => isAbout(policy, server, documents) && !isDryRun(policy));
  const [denying, allowing] = [policies.filter(isDenying), policies.filter((policy) => !isDenying(policy))];
  if (denying.some(({ spec }) => (spec.rules ?? []).some((rule) => ruleHolds(rule, attributes, true)))) return false;
  if (allowing.length === 0) return true;
  return allowing.some(({ spec }) => (spec.rules ?? []).some((rule) => ruleHolds(rule, attributes, false)));
}

function isDenying({ spec }: AuthorizationPolicy): boolean {
  return spec.action === 'DENY';
}

function isDryRun({ metadata }: AuthorizationPolicy): boolean {
  return metadata.annotations?.['istio.io/dry-run'] === 'true';
}

/** Who installs the mesh brings the roots of the trust domains that policies name. */
function isTrusted({ authorization }: SecurityDocuments, domain: string): boolean {
  return authorization.some(({ spec }) =>
    (spec.rules ?? []).some(({ from = [] }) =>
      from.some(({ source }) => source.principals?.some((one) => one.startsWith(`${domain}/`))),
    ),
  );
}

type Selecting = Pick<AuthorizationPolicy | PeerAuthentication | RequestAuthentication, 'metadata' | 'spec'>;

/** Policies of the root namespace are about the whole mesh. */
function isAbout(
  { metadata, spec }: Selecting,
  { namespace, labels }: Workload,
  { rootNamespace }: SecurityDocuments,
): boolean {
  const here = metadata.namespace === namespace || metadata.namespace === rootNamespace;
  return here && hasLabels(labels, spec.selector?.matchLabels);
}

/** Of a port, of the workload, of the namespace, of the mesh: the first that says something. */
function tlsMode(documents: SecurityDocuments, server: Workload, port: number): string {
  const about = documents.peers.filter((document) => isAbout(document, server, documents));
  const own = about.find(({ spec }) => spec.selector !== undefined);
  const ofNamespace = about.find(
    ({ spec, metadata }) => spec.selector === undefined && metadata.namespace === server.namespace,
  );
  const ofMesh = about.find(({ spec }) => spec.selector === undefined);
  const level =
    own?.spec.portLevelMtls?.[String(port)] ?? own?.spec.mtls ?? ofNamespace?.spec.mtls ?? ofMesh?.spec.mtls;
  return level?.mode ?? 'PERMISSIVE';
}

function tokenRules(documents: SecurityDocuments, server: Workload): readonly JwtRule[] {
  return documents.tokens
    .filter((document) => isAbout(document, server, documents))
    .flatMap(({ spec }) => spec.jwtRules ?? []);
}

/** Headers that the request has stand for claims of its token, which nobody here can read. */
function withToken(http: NonNullable<Arriving['http']>, rules: readonly JwtRule[]): NonNullable<Attributes['http']> {
  const read = rules.filter(({ fromHeaders }) => {
    if (fromHeaders === undefined) return /^bearer +/i.test(headerValue(http.headers, 'authorization') ?? '');
    return fromHeaders.some(({ name }) => headerValue(http.headers, name) !== undefined);
  });
  const claims = read.flatMap(({ outputClaimToHeaders = [] }) =>
    outputClaimToHeaders.flatMap(({ header, claim }) => {
      const value = headerValue(http.headers, header);
      return value === undefined ? [] : [[claim, value] as const];
    }),
  );
  return { ...http, issuers: read.map(({ issuer }) => issuer), claims: new Map(claims) };
}

function headerValue(headers: NonNullable<Arriving['http']>['headers'], name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'string' ? value : value?.join(',');
}

/**
 * One source, one operation and every condition must hold. Where there is no HTTP, what is asked of it holds nowhere that
 * something is let in, and is taken to hold where something is refused.
 */
function ruleHolds({ from, to, when = [] }: Rule, attributes: Attributes, refusing: boolean): boolean {
  const { http } = attributes;
  const asksHttp =
    when.length > 0 ||
    (to ?? []).some(({ operation }) => operation.methods !== undefined || operation.paths !== undefined) ||
    (from ?? []).some(({ source }) => (source.requestPrincipals ?? source.notRequestPrincipals) !== undefined);
  if (http === undefined && asksHttp && !refusing) return false;
  return (
    (from === undefined || from.some(({ source }) => sourceHolds(source, attributes))) &&
    (to === undefined || to.some(({ operation }) => operationHolds(operation, attributes))) &&
    when.every((condition) => http === undefined || isMet(condition, http))
  );
}

function sourceHolds(source: Source, { principal = '', client, http }: Attributes): boolean {
  const { principals, notPrincipals, requestPrincipals, notRequestPrincipals, ipBlocks } = source;
  const one = (patterns: readonly string[]) => patterns.some((pattern) => matchesPattern(pattern, principal));
  const issued = (patterns: readonly string[]) =>
    patterns.some((pattern) => http?.issuers.some((issuer) => matchesPattern(pattern, `${issuer}/somebody`)));
  return (
    (principals === undefined || one(principals)) &&
    (notPrincipals === undefined || !one(notPrincipals)) &&
    (requestPrincipals === undefined || http === undefined || issued(requestPrincipals)) &&
    (notRequestPrincipals === undefined || http === undefined || !issued(notRequestPrincipals)) &&
    (ipBlocks === undefined || client.addresses.some((address) => ipBlocks.includes(address)))
  );
}

function operationHolds({ ports, methods, paths }: Operation, { port, http }: Attributes): boolean {
  return (
    (ports === undefined || ports.includes(String(port))) &&
    (methods === undefined || http === undefined || methods.some((pattern) => matchesHeader(pattern, http.method))) &&
    (paths === undefined || http === undefined || paths.some((pattern) => matchesPath(pattern, http.path)))
  );
}

/** A token is for whomever it has to be for: whatever it claims, it is good. */
function isMet({ key, values, notValues }: Condition, http: NonNullable<Attributes['http']>): boolean {
  if (key === 'request.auth.audiences') return notValues === undefined;
  const one = (patterns: readonly string[]) => patterns.some((pattern) => conditionHolds(key, pattern, http));
  return (values === undefined || one(values)) && (notValues === undefined || !one(notValues));
}

function conditionHolds(key: string, pattern: string, http: NonNullable<Attributes['http']>): boolean {
  const [, attribute, name = ''] = /^(request\.headers|request\.auth\.claims)\[(.*)\]$/.exec(key) ?? [];
  if (attribute === 'request.auth.claims') {
    const claim = http.claims.get(name);
    return claim !== undefined && matchesPattern(pattern, claim);
  }
  if (attribute !== 'request.headers') return false;
  const value = name === ':authority' ? http.authority : headerValue(http.headers, name);
  return value !== undefined && matchesHeader(pattern, value);
}

import { err, type NonEmpty, ok, type Result } from '../../src/adapter/index.ts';
import { type Diagnostic, diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { isRecord } from '../../src/lib/values.ts';

export interface IstioOptions {
  /**
   * Where it is said that nobody is let in whom no rule names: in each namespace that has workloads, or once for the whole
   * mesh, for namespaces without anything of SMI too.
   */
  readonly denyBy: 'namespace' | 'mesh';
  /** Whether a mesh that restricts datagrams is refused, or something else restricts them. */
  readonly datagrams: 'refuse' | 'elsewhere';
  /** Istio's root namespace: policies in it hold for the whole mesh. */
  readonly rootNamespace: string;
  /** Whose API says where requests go: Istio's own, or Gateway API, which Istio reads, too. */
  readonly routes: 'virtual-service' | 'gateway-api';
  /** With routes of Gateway API: what ports get that are called `grpc` or `grpc-...` where it can say the same. */
  readonly grpc: 'HTTPRoute' | 'GRPCRoute';
}

export const defaultOptions: IstioOptions = {
  denyBy: 'namespace',
  datagrams: 'refuse',
  rootNamespace: 'istio-system',
  routes: 'virtual-service',
  grpc: 'HTTPRoute',
};

export function parseOptions(input: unknown): Result<IstioOptions, NonEmpty<Diagnostic>> {
  if (input === undefined) return ok(defaultOptions);
  if (!isRecord(input)) return refused('the options of the istio adapter are a mapping');
  const { denyBy, datagrams, rootNamespace, routes, grpc, ...unknown } = { ...defaultOptions, ...input };
  const [name] = Object.keys(unknown);
  if (name !== undefined) return refused(`the istio adapter has no option ${JSON.stringify(name)}`);
  if (denyBy !== 'namespace' && denyBy !== 'mesh') return refused('denyBy is "namespace" or "mesh"');
  if (datagrams !== 'refuse' && datagrams !== 'elsewhere') return refused('datagrams is "refuse" or "elsewhere"');
  if (typeof rootNamespace !== 'string' || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(rootNamespace)) {
    return refused('rootNamespace is the name of a namespace');
  }
  if (routes !== 'virtual-service' && routes !== 'gateway-api')
    return refused('routes is "virtual-service" or "gateway-api"');
  if (grpc !== 'HTTPRoute' && grpc !== 'GRPCRoute') return refused('grpc is "HTTPRoute" or "GRPCRoute"');
  if (grpc === 'GRPCRoute' && routes !== 'gateway-api') return refused('grpc is for routes: gateway-api');
  return ok({ denyBy, datagrams, rootNamespace, routes, grpc });
}

function refused(message: string): Result<never, NonEmpty<Diagnostic>> {
  return err([diagnostic('SMI5003', { message })]);
}

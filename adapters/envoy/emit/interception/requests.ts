import type { Artifact, UnitId } from '../../../../src/adapter/contract.ts';
import { shared } from '../../../../src/adapter/tracking.ts';
import type { Faults } from '../../../../src/model/policy.ts';
import type { MeshModel, Workload } from '../../../../src/model/types.ts';
import { outboundName, typeUrls } from '../../names.ts';
import type { EnvoyOptions } from '../../options.ts';
import { callerOf, callerWithKey } from '../caller.ts';
import { faultFilters } from '../injected-faults.ts';
import { meshFields } from '../mesh-fields.ts';
import { ads, type Message } from '../message.ts';
import type { HttpPart, HttpRouting } from '../routes.ts';
import { type Meant, type MeantAt, meantPorts } from './meant.ts';
import { partOf } from './part.ts';

/**
 * The routes of requests whose address says which service is meant, whatever authority they name. Each service port has a route
 * configuration of its own, which clients that are alike share, and each address a scope that leads there: a change of one
 * service travels alone, however many there are.
 */

/** A request header that stands for the address and port that a program connected to. */
const destinationHeader = 'x-smi-destination';

const routedByAddress: Message = {
  ...meshFields,
  requestHeadersToRemove: [...(meshFields.requestHeadersToRemove as readonly string[]), destinationHeader],
};

/** Where the HTTP connection managers find them: one subscription for all. */
const scopedRoutes: Message = {
  scopedRoutes: {
    name: 'addresses',
    scopeKeyBuilder: { fragments: [{ headerValueExtractor: { name: destinationHeader, index: 0 } }] },
    rdsConfigSource: ads,
    scopedRds: { scopedRdsConfigSource: ads },
  },
};

export function routingByAddress(
  model: MeshModel,
  client: Workload,
  { number, byAddress }: MeantAt,
  options: EnvoyOptions,
): HttpRouting | undefined {
  const caller = callerOf(model, client);
  const meant = byAddress.filter(hasRequests);
  if (meant.length === 0) return undefined;
  const facts = meant.map((one) =>
    shared(model, `facts of requests ${caller.key} ${number} ${one.id}`, (whole) =>
      factsOf(partOf(whole, caller, one, everything, options)),
    ),
  );
  return {
    name: outboundName(client.id, 'address', number),
    from: scopedRoutes,
    origins: facts.flatMap(({ origins }) => origins),
    faults: faultFilters(facts.flatMap(({ faults }) => faults)),
    asksForPath: facts.some(({ asksForPath }) => asksForPath),
    destinationHeader,
  };
}

const everything = ['*'];

interface Facts extends Pick<HttpPart, 'origins' | 'asksForPath'> {
  readonly faults: readonly Faults[];
}

/** What of a service port's routes decides about the listener: less than they are, and it changes less often. */
function factsOf(part: HttpPart | undefined): Facts {
  const { faults = [], asksForPath = false, origins = [] } = part ?? {};
  return { faults, asksForPath, origins: faults.length === 0 ? [] : origins };
}

function hasRequests({ protocol, asIs }: Meant): boolean {
  return protocol === 'http' && asIs !== true;
}

/** The units with the scopes and routes of a client. */
export function requestUnits(model: MeshModel, client: Workload): readonly UnitId[] {
  const { key } = callerOf(model, client);
  return shared(model, `request units of ${key}`, (whole) => {
    const names = Object.keys(requestsOf(whole));
    return [...names.map((name) => `scopes/${name}`), ...names.map((name) => `requests/${key} ${name}`)] as UnitId[];
  });
}

/** The scopes of all addresses of a service port; `NUMBER ID`. */
export function emitScopes(model: MeshModel, name: string): readonly Artifact[] {
  const [number = '', id = ''] = name.split(' ');
  return (meantBy(model, name)?.addresses ?? []).map((address) => {
    const destination = address.includes(':') ? `[${address}]:${number}` : `${address}:${number}`;
    const body: Message = {
      name: destination,
      routeConfigurationName: routesName(number, id),
      key: { fragments: [{ stringKey: destination }] },
    };
    return { name: destination, format: typeUrls.scope, body, origins: [] };
  });
}

/** The routes of a service port for callers that are alike; `CALLER NUMBER ID`. */
export function emitRequests(model: MeshModel, unit: string, options: EnvoyOptions): readonly Artifact[] {
  const [key = '', number = '', id = ''] = unit.split(' ');
  const meant = meantBy(model, `${number} ${id}`);
  const part = meant && partOf(model, callerWithKey(model, key), meant, everything, options);
  if (part === undefined) return [];
  const name = routesName(number, id);
  const body: Message = { name, ...routedByAddress, virtualHosts: [part.host] };
  return [{ name, format: typeUrls.routes, body, origins: part.origins }];
}

/** Each client has its own under this name. */
function routesName(number: string, id: string): string {
  return `address/${number}/${id}`;
}

function meantBy(model: MeshModel, name: string): Meant | undefined {
  return shared(model, `meant by ${name}`, (whole) => ({ meant: requestsOf(whole)[name] })).meant;
}

/** What requests can mean by an address, by `NUMBER ID`. */
function requestsOf(model: MeshModel): Readonly<Record<string, Meant>> {
  return shared(model, 'meant by requests', (whole) =>
    Object.fromEntries(
      meantPorts(whole).flatMap(({ number, byAddress }) =>
        byAddress.filter(hasRequests).map((meant) => [`${number} ${meant.id}`, meant]),
      ),
    ),
  );
}

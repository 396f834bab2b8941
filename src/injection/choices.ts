import { type LogLevel, logLevels } from '../config/controller/types.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { type Interception, readPorts, readRanges, readUids } from '../interception/interception.ts';
import { type DataPlaneKind, dataPlaneKinds, podAnnotations } from '../kubernetes/names.ts';
import { formatFieldPath } from '../lib/field-path.ts';
import { parseQuantity } from '../lib/quantity.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { closest } from '../lib/suggest.ts';
import type { PodParts, PodPlace } from './pod-parts.ts';
import type { InjectionSettings, ResourceSettings } from './settings.ts';

/** What is decided for one pod: its annotations over the settings of the mesh. */
export interface PodChoices {
  readonly dataPlane: DataPlaneKind;
  readonly interception: Interception;
  readonly resources: ResourceSettings;
  readonly logLevel: LogLevel;
}

type AnnotationName = keyof typeof podAnnotations;

/**
 * Reads the annotations of a pod. One that cannot be read refuses the pod: without its exclusions the program would find
 * ports closed that its author meant to be open, or the other way round.
 */
export function readChoices(
  { annotations }: PodParts,
  settings: InjectionSettings,
  place: PodPlace,
): Result<PodChoices, readonly Diagnostic[]> {
  const faults: Diagnostic[] = [];
  const read = <T>(name: AnnotationName, parse: (text: string) => Result<T, string>): T | undefined => {
    const key = podAnnotations[name];
    const text = annotations[key];
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value.ok) return value.value;
    const path = formatFieldPath([...place.path, 'metadata', 'annotations', key]);
    const origin = { object: place.object, path };
    faults.push(diagnostic('SMI6201', { message: `the annotation ${key} ${value.error}; the pod is refused`, origin }));
    return undefined;
  };
  const { interception: common } = settings;
  const choices: PodChoices = {
    dataPlane: read('dataPlane', oneOf(dataPlaneKinds)) ?? settings.dataPlane,
    interception: {
      excludeInboundPorts: joined(common.excludeInboundPorts, read('excludeInboundPorts', readPorts)),
      excludeOutboundPorts: joined(common.excludeOutboundPorts, read('excludeOutboundPorts', readPorts)),
      excludeOutboundRanges: joined(common.excludeOutboundRanges, read('excludeOutboundRanges', readRanges)),
      includeOutboundRanges: read('includeOutboundRanges', readRanges) ?? common.includeOutboundRanges,
      excludeUids: joined(common.excludeUids, read('excludeUids', readUids)),
    },
    resources: resourcesOf(settings.resources, {
      cpuRequest: read('cpuRequest', quantity),
      cpuLimit: read('cpuLimit', quantity),
      memoryRequest: read('memoryRequest', quantity),
      memoryLimit: read('memoryLimit', quantity),
    }),
    logLevel: read('logLevel', oneOf(logLevels)) ?? settings.logLevel,
  };
  for (const resource of ['cpu', 'memory'] as const) {
    const [request, limit] = [choices.resources[`${resource}Request`], choices.resources[`${resource}Limit`]];
    if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) continue;
    const key = podAnnotations[`${resource}Request`];
    const path = formatFieldPath([...place.path, 'metadata', 'annotations', key]);
    const message = `the sidecar would request ${resource} ${request} with a limit of ${limit}; the pod is refused`;
    faults.push(diagnostic('SMI6201', { message, origin: { object: place.object, path } }));
  }
  return faults.length > 0 ? err(faults) : ok(choices);
}

function joined<T>(common: readonly T[], own: readonly T[] | undefined): readonly T[] {
  return own === undefined ? common : [...common, ...own];
}

function oneOf<T extends string>(allowed: readonly T[]): (text: string) => Result<T, string> {
  return (text) => {
    const found = allowed.find((candidate) => candidate === text);
    if (found !== undefined) return ok(found);
    const near = closest(text, allowed);
    const all = allowed.join(', ');
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    return err(`is ${JSON.stringify(text.slice(0, 60))}, which is not one of ${all}${meant}`);
  };
}

function quantity(text: string): Result<string, string> {
  const parsed = parseQuantity(text);
  return parsed.ok && parsed.value.numerator >= 0n
    ? ok(text)
    : err(`is ${JSON.stringify(text.slice(0, 60))}, which is not a quantity such as 100m or 128Mi`);
}

type OwnResources = { readonly [K in keyof Required<ResourceSettings>]: string | undefined };

/**
 * A pod that asks for one of request and limit does not also have to know the mesh's other: a request above the usual limit
 * lifts it, and a limit below the usual request lowers that.
 */
function resourcesOf(usual: ResourceSettings, own: OwnResources): ResourceSettings {
  const pair = (resource: 'cpu' | 'memory'): ResourceSettings => {
    const [request, limit] = [`${resource}Request`, `${resource}Limit`] as const;
    const values = { [request]: own[request] ?? usual[request], [limit]: own[limit] ?? usual[limit] };
    const [least, most] = [values[request], values[limit]];
    if (least !== undefined && most !== undefined && compareQuantities(least, most) > 0) {
      if (own[request] === undefined) values[request] = most;
      else if (own[limit] === undefined) values[limit] = least;
    }
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  };
  return { ...pair('cpu'), ...pair('memory') };
}

/** Of two texts that are quantities. */
function compareQuantities(a: string, b: string): number {
  const [one, other] = [parseQuantity(a), parseQuantity(b)];
  if (!one.ok || !other.ok) return 0;
  const difference = one.value.numerator * other.value.denominator - other.value.numerator * one.value.denominator;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

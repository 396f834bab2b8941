import { isDeepStrictEqual } from 'node:util';
import { type Fields, isRecord } from '../../lib/values.ts';
import { isNobody } from './access.ts';
import { headersAsObject } from './specs.ts';
import { type Body, pick } from './version-form.ts';

/** Whether two hub bodies of a kind differ in nothing but how they spell it. */
export function sameMeaning(kind: string, a: Body, b: Body): boolean {
  const normal = normalForms[kind];
  return isDeepStrictEqual(a, b) || (normal !== undefined && isDeepStrictEqual(normal(a), normal(b)));
}

/** Bodies that have not the shape of their kind stay what they are. */
const normalForms: Readonly<Record<string, (body: Body) => unknown>> = {
  TrafficTarget({ spec }) {
    if (!isRecord(spec) || !isRecord(spec.destination)) return spec;
    const { destination, rules, sources } = spec;
    return {
      destination: normalSubject(destination),
      rules,
      sources: elements(sources).filter(meantSource).map(normalSubject),
    };
  },
  HTTPRouteGroup({ spec }) {
    return isRecord(spec) && Array.isArray(spec.matches) ? spec.matches.map(normalMatch) : spec;
  },
  TCPRoute({ spec }) {
    return isRecord(spec) && isRecord(spec.matches) ? spec.matches.ports : spec;
  },
};

function elements(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [list];
}

function meantSource(source: unknown): boolean {
  return !isNobody(source);
}

function normalSubject(subject: unknown): unknown {
  return isRecord(subject) ? pick(subject, ['kind', 'name', 'namespace', 'port']) : subject;
}

/** Every path and every method are spelled in several ways. */
function normalMatch(match: unknown): unknown {
  if (!isRecord(match)) return match;
  const { name, pathRegex = '.*', methods, headers } = match;
  const all = !Array.isArray(methods) || methods.length === 0 || methods.includes('*');
  return {
    name,
    pathRegex: pathRegex === '' ? '.*' : pathRegex,
    methods: all ? 'any' : methods,
    headers: (headersAsObject(headers) ?? {}) as Fields,
  };
}

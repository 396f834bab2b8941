import { type ResourcePlural, resourceKinds } from '../contract.ts';
import { type ApiVersion, apiGroup, apiVersions, namespacedPlurals } from './contract.ts';

const groupVersions = apiVersions.map((version) => ({ groupVersion: `${apiGroup}/${version}`, version }));

export function theGroup(): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...group() };
}

export function apiGroups(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [group()] };
}

function group(): object {
  return { name: apiGroup, versions: groupVersions, preferredVersion: groupVersions[0] };
}

/** The kinds with `get` and `list`, and `edges` of each, as rights name them. */
export function apiResources(version: ApiVersion): object {
  const resources = (Object.keys(resourceKinds) as ResourcePlural[]).flatMap((plural) => {
    const namespaced = namespacedPlurals[plural];
    const common = { singularName: '', namespaced, kind: 'TrafficMetrics' };
    return [
      { name: plural, ...common, verbs: ['get', 'list'] },
      { name: `${plural}/edges`, ...common, verbs: ['get'] },
    ];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${apiGroup}/${version}`, resources };
}

const info = { title: 'SMI TrafficMetrics', version: 'v1' };
const reference = {
  type: 'object',
  properties: text(['apiVersion', 'kind', 'namespace', 'name']),
};
const metric = { type: 'object', properties: text(['name', 'unit', 'value']) };
const trafficMetrics = {
  type: 'object',
  description: 'What one object sent or received within a window.',
  properties: {
    ...text(['apiVersion', 'kind', 'timestamp', 'window']),
    metadata: { type: 'object' },
    resource: reference,
    edge: { type: 'object', properties: { ...text(['direction', 'side']), resource: reference } },
    backend: { type: 'object', properties: { ...text(['apex', 'name']), weight: { type: 'integer' } } },
    metrics: { type: 'array', items: metric },
  },
};

function text(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

function schemaName(version: ApiVersion): string {
  return `io.smi-spec.metrics.${version}.TrafficMetrics`;
}

function schemas(versions: readonly ApiVersion[]): Readonly<Record<string, object>> {
  return Object.fromEntries(
    versions.map((version) => {
      const kinds = [{ group: apiGroup, version, kind: 'TrafficMetrics' }];
      return [schemaName(version), { ...trafficMetrics, 'x-kubernetes-group-version-kind': kinds }];
    }),
  );
}

/** Every path, with its answer in the form that a version of OpenAPI has. */
function paths(version: ApiVersion, response: object): Readonly<Record<string, object>> {
  const base = `/apis/${apiGroup}/${version}`;
  const get = (id: string) => ({ get: { operationId: id, responses: { 200: response } } });
  return Object.fromEntries(
    (Object.keys(resourceKinds) as ResourcePlural[]).flatMap((plural) => {
      const home = namespacedPlurals[plural] ? `${base}/namespaces/{namespace}/${plural}` : `${base}/${plural}`;
      const id = `${version}-${plural}`;
      return [
        [`${base}/${plural}`, get(`list-all-${id}`)],
        ...(namespacedPlurals[plural] ? [[home, get(`list-${id}`)]] : []),
        [`${home}/{name}`, get(`get-${id}`)],
        [`${home}/{name}/edges`, get(`edges-${id}`)],
      ];
    }),
  );
}

export function openApiV2(): object {
  const all = apiVersions.map((version) =>
    paths(version, { description: 'OK', schema: { $ref: `#/definitions/${schemaName(version)}` } }),
  );
  return { swagger: '2.0', info, paths: Object.assign({}, ...all), definitions: schemas(apiVersions) };
}

export function openApiV3Root(): object {
  const entries = apiVersions.map((version): [string, object] => {
    const path = `apis/${apiGroup}/${version}`;
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=1` }];
  });
  return { paths: Object.fromEntries(entries) };
}

export function openApiV3(version: ApiVersion): object {
  const schema = { $ref: `#/components/schemas/${schemaName(version)}` };
  return {
    openapi: '3.0.0',
    info,
    paths: paths(version, { description: 'OK', content: { 'application/json': { schema } } }),
    components: { schemas: schemas([version]) },
  };
}

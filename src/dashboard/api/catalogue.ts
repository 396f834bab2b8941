import type { MeshView } from '../../control/mesh-view.ts';
import { isRecord } from '../../lib/values.ts';
import type { MeshModel, Service } from '../../model/types.ts';
import type { CatalogueEntry, CataloguePage } from './contract.ts';
import { groupsOf } from './groups.ts';
import { accountsOf, podsOf, protocolsOf } from './service.ts';
import { goldenOf, type Traffic } from './traffic.ts';

/** Annotations and labels that say who answers for a Service; the first that is there counts. */
const ownerNames = ['smi-mesh.io/owner', 'owner', 'team', 'app.kubernetes.io/part-of'];

/** Every Service: whose it is, what it speaks, who calls it and how well. */
export function cataloguePage(mesh: MeshView, model: MeshModel, { scope, series }: Traffic): CataloguePage {
  const services = Object.values(model.services).map((service): CatalogueEntry => {
    const pods = podsOf(model, service);
    const own = series.filter((one) => one.service === service.id || one.backend === service.id);
    const split = model.telemetry.splits.find(({ root }) => root === service.id);
    const owner = ownerOf(mesh, service);
    return {
      service: service.id,
      namespace: service.namespace,
      kind: service.kind,
      ...(owner === undefined ? {} : { owner }),
      workloads: groupsOf(model)
        .behind(service.id)
        .map(({ owner: kind, name }) => `${kind} ${name}`),
      accounts: accountsOf(pods),
      protocols: protocolsOf(service),
      allowed: allowedCallers(model, service),
      callers: [...new Set(own.map(({ source }) => source.owners?.at(-1)?.name ?? source.pod ?? 'outside'))].sort(),
      ready: pods.filter(({ ready }) => ready).length,
      pods: pods.length,
      ...(split === undefined ? {} : { split: split.split }),
      golden: goldenOf(own, scope),
    };
  });
  const clients = new Set(Object.values(model.workloads).map((one) => `${one.namespace}/${one.serviceAccount}`));
  return { traffic: scope, services, clients: [...clients].sort() };
}

function ownerOf(mesh: MeshView, { origins }: Service): string | undefined {
  const key = origins[0]?.object;
  const { metadata } = (key === undefined ? undefined : mesh.load()?.documents.get(key)?.object) ?? {};
  const { annotations, labels } = isRecord(metadata) ? metadata : {};
  for (const name of ownerNames) {
    for (const values of [annotations, labels]) {
      if (isRecord(values) && typeof values[name] === 'string') return values[name];
    }
  }
  return undefined;
}

function allowedCallers(model: MeshModel, service: Service): readonly string[] {
  const sets = new Set(podsOf(model, service).map(({ set }) => set));
  const grants = [...sets].flatMap((set) => model.inbound[set]?.grants ?? []);
  const names = grants.flatMap(({ from }) => from.map(({ spiffe }) => spiffe.replace(/^.*\/ns\/([^/]+)\/sa\//, '$1/')));
  return [...new Set(names)].sort();
}

import type { Fields } from '../../../lib/values.ts';
import type { Listener } from '../../application/serve.ts';
import type { CasePod, ConformanceCase, Manifest } from '../../case.ts';
import { nameOf } from '../../objects.ts';

const perBlock = 250;

/** Loopback addresses of the pods of a batch, `127.BASE.x.y` by `NAMESPACE/POD`. */
export function addressesOf(batch: readonly ConformanceCase[], base: number): ReadonlyMap<string, string> {
  const ids = batch.flatMap(({ pods }) => pods.map(({ id }) => id));
  return new Map(
    ids.map((id, index) => [id, `127.${base}.${1 + Math.floor(index / perBlock)}.${1 + (index % perBlock)}`]),
  );
}

/** What the program of a pod listens on: its container ports, at the address of the pod. */
export function listenersOf({ ports }: CasePod, address: string): readonly Listener[] {
  return ports.map(({ port, protocol }) => ({ protocol, address, port }));
}

/** The objects of a case as an apiserver would list them: pods that run, each with its address. */
export function listOf(objects: readonly Manifest[], addresses: ReadonlyMap<string, string>): Manifest {
  return { apiVersion: 'v1', kind: 'List', items: objects.map((object) => running(object, addresses)) };
}

function running(object: Manifest, addresses: ReadonlyMap<string, string>): Manifest {
  if (object.kind !== 'Pod') return object;
  const { namespace, name } = nameOf(object);
  const podIP = addresses.get(`${namespace}/${name}`);
  const { conditions = [{ type: 'Ready', status: 'True' }] } = (object.status ?? {}) as Fields;
  return { ...object, status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions } };
}

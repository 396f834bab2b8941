import { assemble } from '../../../compile/assemble.ts';
import { assignLocal, parseLocalOutbound, parseLocalPorts } from '../../../kubernetes/local-addressing.ts';
import type { PodObject } from '../../../kubernetes/types.ts';
import { parse } from '../../../library/manifests.ts';
import type { Listener } from '../../application/serve.ts';
import type { CaseQuestion, ConformanceCase } from '../../case.ts';
import { CaseObjects } from '../../objects.ts';

/** A pod of a case with its loopback address. */
export interface PlacedPod {
  readonly object: PodObject;
  readonly listeners: readonly Listener[];
}

/** Where a program connects to for a service port: its sidecar listens there for it. */
export interface Door {
  readonly address: string;
  readonly port: number;
}

/**
 * Gives the pods of a batch loopback addresses 127.BASE.x.y. A pod's sidecar listens for the Services of its own case alone: for
 * those of all cases there would be thousands of ports.
 */
export function placePods(batch: readonly ConformanceCase[], base: number): readonly PlacedPod[] {
  const inputs = batch.map((testCase) => ({
    testCase,
    ...assemble(parse(new CaseObjects(testCase).text()).documents).input,
  }));
  const addressed = assignLocal(
    [],
    inputs.flatMap(({ pods }) => pods),
    [],
    base,
  );
  return inputs.flatMap(({ testCase, pods, services }) =>
    assignLocal(withoutPorts(addressed), pods, services, base).map((object) => {
      const [address = ''] = object.ips;
      const ports = parseLocalPorts(object) ?? new Map();
      const own = testCase.pods.find(({ id }) => id === idOf(object))!;
      const listeners = own.ports.flatMap(({ port, protocol }) => {
        const assigned = ports.get(protocol === 'udp' ? `${port}/udp` : String(port));
        return assigned === undefined ? [] : [{ protocol, address, port: assigned.app }];
      });
      return { object: { ...object, ready: own.ready }, listeners };
    }),
  );
}

/** With their addresses alone, so that ports are chosen when the Services are known. */
function withoutPorts(pods: readonly PodObject[]): readonly PodObject[] {
  return pods.map((pod) => ({ ...pod, meta: { ...pod.meta, annotations: {} } }));
}

export function idOf({ meta }: PodObject): string {
  return `${meta.namespace}/${meta.name}`;
}

/** The door of a question; nothing where the client's sidecar listens for no such service port. */
export function doorOf({ object }: PlacedPod, { from, host, port, traffic }: CaseQuestion): Door | undefined {
  const bindings = parseLocalOutbound(object) ?? [];
  const home = from.slice(0, from.indexOf('/'));
  const [name = '', namespace = home] = host.split('.');
  const udp = traffic.kind === 'udp';
  const at = bindings.filter((binding) => binding.port === port && (binding.udp === true) === udp);
  const found = at.find(({ service }) => service === `${namespace}/${name}`);
  return found === undefined ? undefined : { address: object.ips[0] ?? '', port: found.listen };
}

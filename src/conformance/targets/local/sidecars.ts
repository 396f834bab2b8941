import type { EnvoyRuntime } from '../../../control/local/data-plane.ts';
import type { Guard } from '../../../control/local/guard.ts';
import { Sidecar } from '../../../control/local/sidecar.ts';
import { envoySidecar } from '../../../control/local/sidecar-envoy.ts';
import type { Plane } from '../../../control/plane.ts';
import { localAdminPort } from '../../../kubernetes/local-addressing.ts';
import type { PodObject } from '../../../kubernetes/types.ts';
import { spiffeId } from '../../../lib/spiffe.ts';
import { startProxy } from '../../../proxy/index.ts';
import { idOf } from './pods.ts';

/** How the sidecar of a pod is run; settles when its configuration is in force. The result stops it. */
export type StartSidecar = (pod: PodObject) => Promise<() => Promise<void>>;

const readyMillis = 60_000;

export interface SidecarContext {
  readonly plane: Plane;
  readonly trustDomain: string;
  readonly guard: Guard;
  /** Private; files of Envoys are there. */
  readonly directory: string;
}

/** Our proxy, within this process: hundreds of them start in a second. */
export function proxyStarter({ plane, trustDomain }: SidecarContext): StartSidecar {
  return async (pod) => {
    const { ads } = plane;
    const proxy = await startProxy(
      {
        node: idOf(pod),
        admin: { address: pod.ips[0] ?? '', port: localAdminPort },
        secret: await plane.issue(spiffeId(trustDomain, pod.meta.namespace, pod.spec.serviceAccountName)),
        ads: { address: ads.address, port: ads.port, serverIdentity: ads.identity },
      },
      { log: () => undefined },
    );
    try {
      await inTime(proxy.ready, idOf(pod));
    } catch (error) {
      await proxy.stop();
      throw error;
    }
    return () => proxy.stop();
  };
}

/** An Envoy process, started as `up` starts it. */
export function envoyStarter(
  { plane, trustDomain, guard, directory }: SidecarContext,
  runtime: EnvoyRuntime,
): StartSidecar {
  return async (pod) => {
    const ready = Promise.withResolvers<void>();
    // Nobody waits for the answers of a mesh that is over.
    const { drain: _drain, ...kind } = envoySidecar(pod, runtime, directory, () => undefined);
    const { namespace } = pod.meta;
    const sidecar: Sidecar = new Sidecar({
      kind,
      address: pod.ips[0] ?? '',
      guard,
      enrol: async () => ({
        ads: plane.ads,
        svid: await plane.issue(spiffeId(trustDomain, namespace, pod.spec.serviceAccountName)),
      }),
      listener: {
        line: () => undefined,
        event: () => undefined,
        turned: () => {
          if (sidecar.ready) ready.resolve();
        },
      },
    });
    sidecar.start();
    try {
      await inTime(ready.promise, idOf(pod));
    } catch (error) {
      await sidecar.stop();
      throw error;
    }
    return () => sidecar.stop();
  };
}

async function inTime(ready: Promise<void>, pod: string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`the sidecar of ${pod} is not ready after ${readyMillis / 1000} s`)),
    readyMillis,
  );
  try {
    await Promise.race([ready, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

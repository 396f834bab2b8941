import type { EnvoyRuntime } from '../../../control/local/data-plane.ts';
import type { DataPlane } from '../../../control/publisher.ts';
import { readsTrafficMetrics } from '../../reads.ts';
import type { Target } from '../../target.ts';
import { batchesOf } from '../batches.ts';
import { ownImplementation } from '../simulated.ts';
import { LocalConformanceMesh, type LocalMeshOptions } from './mesh.ts';
import { envoyStarter, proxyStarter } from './sidecars.ts';

const convergenceMillis = 20_000;
const concurrency = 4;
/**
 * Sidecars of one mesh. A proxy of ours is a few sockets; an Envoy takes four of the 128 inotify instances that Linux gives a
 * user, and others of the same user need some.
 */
const mostProxies = 200;
const mostEnvoys = 12;

/** Meshes of our own proxy on this machine. */
export function localTarget(adapters: readonly DataPlane[]): Target {
  return target('local', mostProxies, { adapters, sidecars: proxyStarter, startsAtOnce: 8 });
}

/** The same with Envoy. */
export function localEnvoyTarget(adapters: readonly DataPlane[], envoy: EnvoyRuntime): Target {
  const sidecars: LocalMeshOptions['sidecars'] = (context) => envoyStarter(context, envoy);
  return target('local-envoy', mostEnvoys, { adapters, sidecars, startsAtOnce: 8 });
}

function target(name: string, mostSidecars: number, options: LocalMeshOptions): Target {
  return {
    name,
    implementation: ownImplementation,
    convergenceMillis,
    concurrency,
    reads: (question) => readsTrafficMetrics(question) && question.as === undefined && question.direct === undefined,
    unable: () => undefined,
    batches: (cases) => batchesOf(cases, mostSidecars),
    open: (batch) => LocalConformanceMesh.open(batch, options),
  };
}

import { afterAll, beforeAll } from 'vitest';
import { workloadId } from '../../../src/model/ids.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { allowed, listen, matching, sampleModel } from '../../support/envoy-model.ts';
import { takeAddressRange } from '../../support/mesh/address-range.ts';
import { createCredentials } from '../../support/mesh/credentials.ts';
import type { Plane } from '../../support/mesh/planes.ts';
import type { Target } from './client.ts';

/** Where a client finds its sidecar, and where the sidecar finds the server, which has none. */
interface Ends<Server> {
  readonly target: Target;
  readonly server: Server;
}

const legacy = workloadId('default', 'legacy');

/** `legacy` is reached through a sidecar, too. */
function withSidecar(model: MeshModel): MeshModel {
  const { addresses, ...rest } = model.workloads[legacy]!;
  const { ports } = model.workloads[workloadId('default', 'store-v1')]!;
  const own = ports.map((port) => ({ ...port, app: { ...port.app, address: addresses[0]! } }));
  const workload = { ...rest, addresses, transport: 'mtls' as const, ports: own };
  return { ...model, workloads: { ...model.workloads, [legacy]: workload } };
}

/** For the tests of a `describe`: a client's sidecar and one server, with a sidecar of its own where `meshed`. */
export function sidecar<Server extends { close(): unknown }>(
  plane: Plane | undefined,
  startServer: (address: string, port: number) => Promise<Server>,
  { meshed = false } = {},
): () => Ends<Server> {
  let ends: Ends<Server> | undefined;
  const cleanups: (() => unknown)[] = [];
  beforeAll(async () => {
    if (plane === undefined) return;
    const range = await takeAddressRange();
    cleanups.push(() => range.release());
    const sample = sampleModel({ base: range.base, grants: [allowed('buyer', [{ http: matching({}) }])] });
    const model = meshed ? withSidecar(sample) : sample;
    const server = await startServer(`127.${range.base}.0.5`, 16_000);
    cleanups.push(() => server.close());
    const credentials = await createCredentials();
    if (meshed) cleanups.push(await plane.start(model, [legacy], credentials));
    cleanups.push(await plane.start(model, [workloadId('default', 'buyer')], credentials));
    ends = { server, target: { host: `127.${range.base}.0.1`, port: listen.legacy } };
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  return () => ends!;
}

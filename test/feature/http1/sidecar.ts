import { afterAll, beforeAll } from 'vitest';
import { workloadId } from '../../../src/model/ids.ts';
import { listen, sampleModel } from '../../support/envoy-model.ts';
import { takeAddressRange } from '../../support/mesh/address-range.ts';
import { createCredentials } from '../../support/mesh/credentials.ts';
import type { Plane } from '../../support/mesh/planes.ts';
import type { Target } from './client.ts';

/** Where a client finds its sidecar, and where the sidecar finds the server, which has none. */
interface Ends<Server> {
  readonly target: Target;
  readonly server: Server;
}

/** For the tests of a `describe`: a client's sidecar and one server. */
export function sidecar<Server extends { close(): unknown }>(
  plane: Plane | undefined,
  startServer: (address: string, port: number) => Promise<Server>,
): () => Ends<Server> {
  let ends: Ends<Server> | undefined;
  const cleanups: (() => unknown)[] = [];
  beforeAll(async () => {
    if (plane === undefined) return;
    const range = await takeAddressRange();
    cleanups.push(() => range.release());
    const model = sampleModel({ base: range.base });
    const server = await startServer(`127.${range.base}.0.5`, 16_000);
    cleanups.push(() => server.close());
    cleanups.push(await plane.start(model, [workloadId('default', 'buyer')], await createCredentials()));
    ends = { server, target: { host: `127.${range.base}.0.1`, port: listen.legacy } };
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  return () => ends!;
}

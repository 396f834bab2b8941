import type { CarriersReport, ProxiesReport } from '../../control/admin/contract.ts';
import type { AskProxies } from '../../install/checks/standing.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { Unreachable } from '../unreachable.ts';
import { known } from './ask.ts';
import { mergeCarriers, mergeProxies } from './merge.ts';
import { replicasOver } from './replicas.ts';

const timeoutMillis = 10_000;

/** Asks every replica about its proxies, for commands that go on without the answer. */
export function proxiesIn(connection: StreamingConnection, namespace: string): AskProxies {
  return async () => await asked(connection, namespace, '/proxies', mergeProxies);
}

/** Which proxies have what an object takes part in: KIND/NAMESPACE/NAME. */
export async function carriersIn(
  connection: StreamingConnection,
  namespace: string,
  object: string,
): Promise<Result<CarriersReport, string>> {
  const query = new URLSearchParams({ object });
  return await asked(connection, namespace, `/carriers?${query}`, mergeCarriers);
}

async function asked<T extends CarriersReport | ProxiesReport>(
  connection: StreamingConnection,
  namespace: string,
  target: string,
  merge: (answers: readonly T[]) => T,
): Promise<Result<T, string>> {
  try {
    return ok(merge(known<T>(await replicasOver(connection, namespace).ask(target, timeoutMillis), 'cluster')));
  } catch (error) {
    if (error instanceof Unreachable) return err(error.diagnostic.message);
    throw error;
  }
}

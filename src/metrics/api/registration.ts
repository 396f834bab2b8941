import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { serverSideApply } from '../../kubernetes-client/write.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { apiGroup, apiVersions } from './contract.ts';

/** Where the aggregator of the apiserver finds the API. */
export interface ApiService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

const fieldManager = 'smi-mesh-controller';

/** Registers each version of the API with the aggregator, which trusts `caBundle` (base64 of PEM). Applying it anew writes nothing. */
async function registerApi(
  connection: Connection,
  service: ApiService,
  caBundle: string,
): Promise<Result<undefined, ClusterFault>> {
  for (const [index, version] of apiVersions.entries()) {
    const object = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${apiGroup}`, labels: { 'app.kubernetes.io/name': 'smi-mesh' } },
      spec: {
        ...{ group: apiGroup, version, service, caBundle },
        groupPriorityMinimum: 100,
        versionPriority: 100 - index,
      },
    };
    const applied = await serverSideApply(connection, object, { fieldManager, force: true });
    if (!applied.ok) return err(applied.error);
  }
  return ok(undefined);
}

export interface RegistrationTaskOptions {
  readonly service: ApiService;
  /** What the aggregator is to trust; nothing as long as there is none. */
  readonly caBundle: (connection: Connection) => Promise<Result<string, ClusterFault>>;
  readonly onFault: (fault: ClusterFault) => void;
}

const steadyMillis = 30_000;
const againMillis = 5_000;

/** The leader's care for the registration: what somebody changes is put right. */
export function registrationTask({ service, caBundle, onFault }: RegistrationTaskOptions): {
  readonly name: string;
  run(connection: Connection, signal: AbortSignal): Promise<void>;
} {
  return {
    name: 'metrics-api',
    async run(connection, signal) {
      while (!signal.aborted) {
        const bundle = await caBundle(connection);
        const registered = bundle.ok ? await registerApi(connection, service, bundle.value) : bundle;
        if (!registered.ok && !signal.aborted) onFault(registered.error);
        await pause(registered.ok ? steadyMillis : againMillis, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

import type { ControllerConfig } from '../../config/controller/types.ts';
import type { LeaderTask } from '../../control/cluster/leader-task.ts';
import type { Log } from '../../control/cluster/log.ts';
import type { Authority } from '../../identity/authority.ts';
import { certManager } from '../../identity/cert-manager.ts';
import { type CredentialMaker, startClusterAuthority } from '../../identity/cluster-authority.ts';
import { startFileAuthority } from '../../identity/file-authority.ts';
import { rotationTask } from '../../identity/rotation-task.ts';
import { selfSigned } from '../../identity/self-signed.ts';
import { trustBundleTask } from '../../identity/trust-bundles.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';

export interface MeshAuthorityOptions {
  readonly config: ControllerConfig;
  readonly connection: StreamingConnection;
  /** Of the control plane. */
  readonly namespace: string;
  readonly log: Log;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

export interface MeshAuthority {
  readonly authority: Authority;
  /** Its part of the leader's work. */
  readonly tasks: readonly LeaderTask[];
}

/** The authority that the settings name; rejects with a sentence when it cannot be used. */
export async function startMeshAuthority(options: MeshAuthorityOptions): Promise<MeshAuthority> {
  const { config, connection, namespace, signal } = options;
  const { trustDomain, svidLifetimeSeconds: lifeSeconds, ca } = config;
  const log = (line: string) => options.log.info(line, { part: 'authority' });
  const bundles = (authority: Authority) => trustBundleTask({ authority, systemNamespace: namespace, log });
  if (ca.kind === 'files') {
    const { authority, stop } = await startFileAuthority({ directory: ca.directory, trustDomain, log });
    signal.addEventListener('abort', stop);
    return { authority, tasks: [bundles(authority)] };
  }
  const make: CredentialMaker =
    ca.kind === 'secret'
      ? selfSigned(trustDomain, lifeSeconds)
      : certManager({ trustDomain, namespace, issuer: ca.issuer });
  const cluster = await startClusterAuthority({ connection, namespace, trustDomain, lifeSeconds, make, signal, log });
  signal.addEventListener('abort', () => cluster.stop());
  const { authority } = cluster;
  return { authority, tasks: [rotationTask({ cluster, make, lifeSeconds, log }), bundles(authority)] };
}

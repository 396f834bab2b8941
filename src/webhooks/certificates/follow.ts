import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { startReflector } from '../../kubernetes-client/reflector.ts';
import { err, type Result } from '../../lib/result.ts';
import type { ServingCertificate } from '../server.ts';
import { decodeCredential } from './credential.ts';
import { type SecretName, secretsPath } from './secret.ts';

export interface FollowOptions {
  /** Swaps the certificate in; an error changes nothing. */
  readonly use: (certificate: ServingCertificate) => Result<undefined, string>;
  /** What is in the Secret cannot be used; the certificate before stays. */
  readonly onUnusable: (reason: string) => void;
  readonly onFault: (fault: ClusterFault) => void;
}

/** Serves with what the Secret holds, whoever writes it, as soon as it changes. */
export function followServingCertificate(
  connection: StreamingConnection,
  { namespace, name }: SecretName,
  { use, onUnusable, onFault }: FollowOptions,
): { stop(): void } {
  return startReflector(connection, {
    path: secretsPath(namespace),
    fieldSelector: `metadata.name=${name}`,
    onChange: ({ set }) => {
      for (const secret of set) {
        const decoded = decodeCredential(secret);
        const used = decoded.ok ? use(decoded.value.serving) : err(decoded.error);
        if (!used.ok) onUnusable(used.error);
      }
    },
    onFault,
  });
}

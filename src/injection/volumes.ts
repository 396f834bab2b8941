import { credentialFiles, sidecarPaths, tokenAudience, trustBundle } from '../kubernetes/names.ts';
import type { Fields } from '../lib/values.ts';

export const sidecarVolumes = { credentials: 'smi-mesh-credentials', state: 'smi-mesh-state' } as const;

/** The kubelet renews a token when four fifths of this are over. */
const tokenSeconds = 3_600;

/** The volumes of a pod's sidecar: what proves the pod, whom it trusts, and its own state in memory. */
export function sidecarVolumeList(): readonly Fields[] {
  return [
    {
      name: sidecarVolumes.credentials,
      projected: {
        sources: [
          {
            serviceAccountToken: {
              audience: tokenAudience,
              expirationSeconds: tokenSeconds,
              path: credentialFiles.token,
            },
          },
          {
            configMap: {
              name: trustBundle.configMap,
              items: [{ key: trustBundle.key, path: credentialFiles.trustBundle }],
            },
          },
        ],
      },
    },
    { name: sidecarVolumes.state, emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
  ];
}

export const credentialsMount = {
  name: sidecarVolumes.credentials,
  mountPath: sidecarPaths.credentials,
  readOnly: true,
};
export const stateMount = { name: sidecarVolumes.state, mountPath: sidecarPaths.state };

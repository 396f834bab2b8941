import type { CatalogueEntry } from '../severity.ts';

/** 62xx: sidecars in the pods of a cluster. */
export const injectionCodes = {
  SMI6201: {
    severity: 'error',
    title: 'injection told what it cannot read',
    explanation:
      'A label or an annotation by which a pod says how it is to get its sidecar has a value of another form. The pod is refused: without the exclusion that was meant, say, its program would find connections closed, or open, against the intention of its author.',
    hint: 'Write the value in the form that docs/injection.md shows for it.',
  },
  SMI6202: {
    severity: 'error',
    title: 'pod in the way of its sidecar',
    explanation:
      "A pod that is to get a sidecar uses what the sidecar needs: one of its ports, its user or group (whose connections are never redirected), or a name of its containers or volumes. The pod is refused; with a program under the sidecar's user, its connections would pass unseen.",
    hint: 'Use another port, user or name, or opt the pod out by the label `smi-mesh.io/inject: disabled`.',
  },
  SMI6203: {
    severity: 'warning',
    title: 'label of a namespace not understood',
    explanation:
      'The label `smi-mesh.io/inject` of a namespace is neither `enabled` nor `disabled`. Pods without a label of their own get no sidecar there.',
    hint: 'Set the label to `enabled` or `disabled`.',
  },
  SMI6204: {
    severity: 'warning',
    title: 'sidecar that outlives its programs',
    explanation:
      'A pod that ends by itself, of a Job for example, gets its sidecar as an ordinary container, since the cluster has no native sidecars or they are switched off. An ordinary container that goes on keeps the pod running, and the Job never completes.',
    hint: 'Use native sidecars (Kubernetes 1.29 or later), or opt the pod out by the label `smi-mesh.io/inject: disabled`.',
  },
} as const satisfies Record<string, CatalogueEntry>;

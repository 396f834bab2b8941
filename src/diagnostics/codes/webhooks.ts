import type { CatalogueEntry } from '../severity.ts';

/** 63xx: what the controller keeps in order so that an apiserver can ask it. */
export const webhookCodes = {
  SMI6301: {
    severity: 'warning',
    title: 'definition not ours alone',
    explanation:
      'A custom resource definition of the cluster comes from another project, or from a newer release, and replacing it could lose objects or take them away from whoever uses them. Versions that it does not serve cannot be used, and versions that others convert are theirs.',
    hint: 'Follow docs/migrating.md, or set `crds.manage: false` and keep the definitions yourself.',
  },
  SMI6302: {
    severity: 'warning',
    title: 'webhooks not ready',
    explanation:
      'The webhooks cannot be reached at the address where the apiserver would ask them, or have no certificate. Nothing is pointed at them until they answer; what points there already keeps its failure policy.',
    hint: 'Check the pods, the Service and the network policies of the control plane.',
  },
  SMI6303: {
    severity: 'warning',
    title: 'webhook configuration missing',
    explanation:
      'The installation brings the configurations of the admission webhooks, and one of them is gone: objects are not validated, or pods get no sidecar.',
    hint: 'Run `smi-cli upgrade`, or apply the manifests again.',
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

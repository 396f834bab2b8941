import type { CatalogueEntry } from '../severity.ts';

/** 3xxx: references between objects. */
export const referenceCodes = {
  SMI3001: {
    severity: 'error',
    title: 'root Service not found',
    explanation: 'A TrafficSplit names a root Service that does not exist in its namespace. The split governs nothing.',
    hint: 'Create the Service, or correct spec.service.',
  },
  SMI3002: {
    severity: 'error',
    title: 'backend Service not found',
    explanation:
      'A backend of a TrafficSplit names a Service that does not exist in its namespace. The backend gets no traffic and the others keep their ratio; with none left requests fail with 503.',
    hint: 'Create the Service, or remove the backend.',
  },
  SMI3003: {
    severity: 'warning',
    title: 'backend lacks a port',
    explanation:
      'A backend Service does not offer a port of the root Service. For that port the backend gets no traffic and the others keep their ratio; with none left requests fail with 503.',
    hint: 'Add the port to the backend Service, with the same number as on the root.',
  },
  SMI3004: {
    severity: 'error',
    title: 'HTTPRouteGroup not found',
    explanation:
      'A rule or a match names an HTTPRouteGroup that does not exist in the same namespace. It matches nothing.',
    hint: 'Create the HTTPRouteGroup in the same namespace, or correct the name.',
  },
  SMI3005: {
    severity: 'error',
    title: 'match not found',
    explanation: 'A rule names a match that its HTTPRouteGroup does not have. It matches nothing.',
    hint: 'Name a match of the group, or leave out `matches` to mean all of them.',
  },
  SMI3006: {
    severity: 'error',
    title: 'route not found',
    explanation: 'A rule names a TCPRoute or a UDPRoute that does not exist in the same namespace. It matches no port.',
    hint: 'Create the route in the same namespace, or correct the name.',
  },
  SMI3007: {
    severity: 'error',
    title: 'ServiceAccount not found',
    explanation:
      'A subject of a TrafficTarget names a ServiceAccount that is neither declared nor used by any pod. As a source nobody can be it; as a destination nothing is protected by it.',
    hint: 'Create the ServiceAccount, or correct the name or namespace.',
  },
  SMI3008: {
    severity: 'warning',
    title: 'ServiceAccount not declared',
    explanation:
      'A subject of a TrafficTarget names a ServiceAccount that pods use but that is not declared. Policy works; a cluster would refuse those pods.',
    hint: 'Add the ServiceAccount object.',
  },
  SMI3009: {
    severity: 'warning',
    title: 'named target port not found',
    explanation:
      'A Service port aims at a container port by a name that a selected pod does not have. That pod gets no traffic of the port.',
    hint: 'Name the container port accordingly, or use its number as targetPort.',
  },
  SMI3010: {
    severity: 'warning',
    title: 'port not found at the destination',
    explanation:
      'A TCPRoute, a UDPRoute, `destination.port` or `tls.ports` of a TrafficPolicy names a port that is neither a container port of the destination nor a Service port in front of it. Nothing listens there, so the port grants and changes nothing.',
    hint: 'List container ports of the destination.',
  },
  SMI3011: {
    severity: 'info',
    title: 'Service selects no pod',
    explanation: 'The selector of a Service picks none of the known pods: requests that are sent there fail with 503.',
    hint: 'Compare the selector with the labels of the pods.',
  },
  SMI3012: {
    severity: 'error',
    title: 'IdentityBinding not found',
    explanation: 'A TrafficTarget names an IdentityBinding that does not exist. It stands for nobody.',
    hint: 'Create the IdentityBinding, or correct the name or the namespace.',
  },
  SMI3013: {
    severity: 'warning',
    title: 'IdentityBinding selects no pod',
    explanation:
      'The labels of an IdentityBinding pick none of the known pods of its namespace, so they stand for nobody.',
    hint: 'Compare `podLabelSelector` with the labels of the pods.',
  },
} as const satisfies Record<string, CatalogueEntry>;

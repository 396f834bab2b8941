import type { CatalogueEntry } from '../severity.ts';

/** 47xx: routes of Gateway API as a source of a mesh. */
export const gatewayCodes = {
  SMI4701: {
    severity: 'error',
    title: 'match of a route cannot be said',
    explanation:
      'A match of a Gateway API route asks for something that the mesh has no rule for: query parameters, an expression that RE2 does not take, a path that no request has, an unknown field. It matches nothing; its requests are those of the other rules.',
    hint: 'Match by path, method or headers.',
  },
  SMI4702: {
    severity: 'error',
    title: 'filter or field of a route cannot be said',
    explanation:
      'A rule of a Gateway API route, or one of its backends, asks for something that must not be skipped and that the mesh cannot do: a redirect, a rewritten URL, a filter of one backend, an unknown field. The requests concerned are answered 500 (gRPC: UNAVAILABLE).',
    hint: 'Remove the filter or the field, or do the same in the program.',
  },
  SMI4703: {
    severity: 'error',
    title: 'backend of a route cannot be used',
    explanation:
      'A backend of a Gateway API route does not exist, lacks the port, is of another kind than Service, or stands in another namespace without a ReferenceGrant; or a rule has no backend with a weight. As the API wants it, its share of the requests is answered 500 (gRPC: UNAVAILABLE). Of TCP and UDP the other backends keep their ratio.',
    hint: 'Correct the reference, or add the ReferenceGrant to the namespace of the backend.',
  },
  SMI4704: {
    severity: 'warning',
    title: 'field of a route is kept differently',
    explanation:
      'A field of a Gateway API route has no exact counterpart, or its meaning is left to implementations; the text says what happens instead.',
    hint: 'Read what differs, and change the field when it matters.',
  },
  SMI4705: {
    severity: 'warning',
    title: 'route leads from nowhere',
    explanation:
      'A Gateway API route is for a Service, or a port of it, that does not exist or does not speak what the route is about. It is not in force there.',
    hint: 'Correct the parentRef, or the protocol of the port.',
  },
  SMI4706: {
    severity: 'warning',
    title: 'route is not in force',
    explanation:
      'Something else governs the Service already: a TrafficSplit, a route of a more specific kind, or for connections an older route.',
    hint: 'Keep one of them.',
  },
  SMI4707: {
    severity: 'warning',
    title: 'routes without grants',
    explanation:
      'Gateway API says nothing of access, and the mesh denies by default. Without a TrafficTarget every request is denied.',
    hint: 'Write TrafficTargets, or set `accessMode: allow` in a MeshConfig.',
  },
  SMI4708: {
    severity: 'info',
    title: 'requests that no route takes',
    explanation:
      'A Service with routes of Gateway API answers requests that none of their rules takes with 404; a TrafficSplit would leave them to the Service.',
    hint: 'Add a rule without matches, if such requests are to be served.',
  },
  SMI4709: {
    severity: 'error',
    title: 'routes of a Service cannot be written as SMI',
    explanation:
      'What the routes of a Service mean cannot be said by TrafficSplits and TrafficPolicies alone; `smi-cli import` writes nothing for it.',
    hint: 'Keep its routes: smi-cli reads them as they are. Or change what the message names.',
  },
} as const satisfies Record<string, CatalogueEntry>;

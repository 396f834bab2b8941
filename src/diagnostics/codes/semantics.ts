import type { CatalogueEntry } from '../severity.ts';

/** 4xxx: what objects mean together. */
export const semanticsCodes = {
  SMI4001: {
    severity: 'error',
    title: 'service name not usable',
    explanation:
      'A TrafficSplit names a Service in a form other than NAME, NAME.NAMESPACE or its fully qualified name in the namespace of the split. A split governs and uses Services of its own namespace only.',
    hint: 'Write the bare name of a Service in the namespace of the split.',
  },
  SMI4002: {
    severity: 'warning',
    title: 'all weights are zero',
    explanation: 'No backend of a TrafficSplit has a positive weight: requests that it governs fail with 503.',
    hint: 'Give at least one backend a positive weight.',
  },
  SMI4003: {
    severity: 'error',
    title: 'no usable backend',
    explanation:
      'No backend of a TrafficSplit with a positive weight exists and offers the port: requests that it governs fail with 503. They never fall back to the root Service silently.',
    hint: 'Create a backend Service that offers the port of the root.',
  },
  SMI4004: {
    severity: 'error',
    title: 'conflicting splits',
    explanation:
      'Two TrafficSplits without matches govern one root Service. The older one (by creation time, absent first, then by name) is in force; the other is ignored.',
    hint: 'Delete one of them, or give one of them matches.',
  },
  SMI4005: {
    severity: 'error',
    title: 'matches resolve to nothing',
    explanation:
      'A TrafficSplit has matches, but none of them resolves to a usable match. It governs no request: it never becomes unconditional.',
    hint: 'Correct the references, or remove `matches` to split every request.',
  },
  SMI4006: {
    severity: 'warning',
    title: 'matches do not apply to TCP',
    explanation:
      'A TrafficSplit with matches governs a root Service that has a TCP or a UDP port. HTTP matches say nothing of bytes, so connections and datagrams to that port go to the root Service.',
    hint: 'Use a split without matches for that port, or mark a TCP port as HTTP by appProtocol or name.',
  },
  SMI4007: {
    severity: 'info',
    title: 'nested split not followed',
    explanation:
      "A backend of a TrafficSplit is itself the root of another. Traffic that reaches it by this split goes to its own endpoints; the other split's weights do not apply.",
    hint: 'Name the inner backends directly when their weights should apply.',
  },
  SMI4008: {
    severity: 'error',
    title: 'weight not usable',
    explanation:
      'A weight is negative, fractional or not a number, or the weights of a TrafficSplit add up to more than 4294967295. The split is refused and counts as absent.',
    hint: 'Use whole numbers from 0.',
  },
  SMI4009: {
    severity: 'error',
    title: 'destination in another namespace',
    explanation:
      'A TrafficTarget names a destination outside its own namespace. It grants nothing: who may write to one namespace must not open another. `crossNamespaceTargets: allow` of MeshConfig lifts that for the whole mesh.',
    hint: 'Move the TrafficTarget to the namespace of the destination.',
  },
  SMI4010: {
    severity: 'error',
    title: 'no rules',
    explanation: 'A TrafficTarget without rules grants nothing.',
    hint: 'Add a rule that names an HTTPRouteGroup or a TCPRoute.',
  },
  SMI4011: {
    severity: 'error',
    title: 'no sources',
    explanation: 'A TrafficTarget without sources grants nothing.',
    hint: 'Add the ServiceAccounts that may send the traffic.',
  },
  SMI4012: {
    severity: 'error',
    title: 'kind not supported here',
    explanation:
      'A subject, a rule or a match is of a kind that is not known at this place. A subject then stands for nobody; a match or a rule matches nothing, and a rule still narrows those beside it.',
    hint: 'Use ServiceAccount or IdentityBinding for subjects; HTTPRouteGroup, TCPRoute or UDPRoute for rules; HTTPRouteGroup for matches.',
  },
  SMI4013: {
    severity: 'warning',
    title: 'HTTP rules without an HTTP port',
    explanation:
      'A TrafficTarget has HTTP rules, but no port of the destination speaks HTTP. An HTTPRouteGroup grants nothing on other ports.',
    hint: 'Mark the Service port as HTTP by appProtocol or name, or use a TCPRoute.',
  },
  SMI4014: {
    severity: 'error',
    title: 'target grants nothing',
    explanation:
      'What the rules of a TrafficTarget name does not resolve, so that nothing is left to grant. What does not resolve matches nothing and still narrows what stands beside it.',
    hint: 'Correct the references that are reported beside this.',
  },
  SMI4015: {
    severity: 'error',
    title: 'port is ambiguous',
    explanation:
      'A TCPRoute, a UDPRoute or `destination.port` names a Service port that maps to several container ports of the destination. It grants nothing for that port.',
    hint: 'List the container ports instead.',
  },
  SMI4016: {
    severity: 'error',
    title: 'regular expression not usable',
    explanation:
      'An expression is not RE2 syntax, or compiles to a program above the limit. The route group that has it is refused and matches nothing.',
    hint: 'Use RE2 syntax (no look-around, no back-references) and smaller repetitions.',
  },
  SMI4017: {
    severity: 'error',
    title: 'match name used twice',
    explanation: 'Two matches of an HTTPRouteGroup have one name. The group is refused and matches nothing.',
    hint: 'Give each match of the group its own name.',
  },
  SMI4018: {
    severity: 'warning',
    title: 'port of two protocols',
    explanation:
      'Services reach one container port as HTTP and as TCP, or as HTTP/1.1 and as HTTP/2. Its sidecar treats it as TCP, so that HTTPRouteGroups grant nothing there, or as HTTP/1.1.',
    hint: 'Give the Services the same appProtocol.',
  },
  SMI4019: {
    severity: 'info',
    title: 'SCTP is not carried',
    explanation: 'A Service has an SCTP port. No sidecar carries SCTP, so the port is left out of the mesh.',
    hint: 'Nothing to do when that traffic may stay outside the mesh.',
  },
  SMI4020: {
    severity: 'warning',
    title: 'too many replicas to list',
    explanation:
      'A Deployment without pods asks for more replicas than are synthesised. The model shows the first ones.',
    hint: 'Check the number of replicas.',
  },
  SMI4021: {
    severity: 'warning',
    title: 'annotation not understood',
    explanation:
      'An annotation of smi-mesh, or one of the hosts that it lists, is not of its documented form and is ignored.',
    hint: 'Remove `smi-mesh.io/local-...`, which the local runtime writes itself; list DNS names of two labels or more, separated by commas, in `smi-mesh.io/hosts`.',
  },
  SMI4022: {
    severity: 'error',
    title: 'Service has no endpoints of its own',
    explanation:
      'A TrafficSplit names a Service of type ExternalName. Traffic can neither be split there nor sent there.',
    hint: 'Use a Service with a selector.',
  },
  SMI4023: {
    severity: 'warning',
    title: 'empty list of matches',
    explanation:
      'A list of matches is empty: an HTTPRouteGroup without matches, or a rule or a split that names none. It matches nothing; only an absent list means all.',
    hint: 'Add a match, or remove the field to mean all.',
  },
  SMI4030: {
    severity: 'error',
    title: 'identity of another namespace',
    explanation:
      'An IdentityBinding lists a SPIFFE id of this mesh that is not a service account of its own namespace. A binding speaks for its own namespace only, so the id stands for nobody.',
    hint: 'Write a binding in the namespace of that identity, and refer to it there.',
  },
  SMI4031: {
    severity: 'warning',
    title: 'pod cannot be told apart',
    explanation:
      'The labels of an IdentityBinding pick a pod, but every address of it is also that of another pod of the same service account which they do not pick (host networking). Servers know pods by account and address, so the pod is left out.',
    hint: 'Give the pods service accounts of their own.',
  },
  SMI4032: {
    severity: 'info',
    title: 'identity of an unknown trust domain',
    explanation:
      'An IdentityBinding lists a SPIFFE id of another trust domain whose roots MeshConfig does not give. It is granted like any other, but nobody can prove it; and it is never a destination.',
    hint: 'Give the roots of that domain in `trustDomains` of MeshConfig; until then its callers are refused.',
  },
  SMI4034: {
    severity: 'error',
    title: 'MeshConfig not read',
    explanation:
      'There is one MeshConfig for a mesh: the one without namespace that is named `default`. Any other is ignored.',
    hint: 'Name it `default`, and remove `metadata.namespace`.',
  },
  SMI4035: {
    severity: 'warning',
    title: 'nothing to measure',
    explanation:
      'A TrafficMetrics document names a resource that the mesh does not have, or of a kind that is not measured. It is left out.',
    hint: 'Name a namespace, pod, workload, Service or TrafficSplit of the mesh.',
  },
  SMI4037: {
    severity: 'error',
    title: 'external name not usable',
    explanation:
      'A Service of type ExternalName has no `externalName`, or one that is not the name of a host. Requests to the Service fail.',
    hint: 'Name a host of DNS in `spec.externalName`.',
  },
  SMI4038: {
    severity: 'info',
    title: 'external Service without ports',
    explanation:
      'A Service of type ExternalName lists no ports. Kubernetes then leaves the port to the client; sidecars serve the listed ports only, so that requests by the name of the Service do not pass through them.',
    hint: 'List the ports of the host that programs use.',
  },
  SMI4036: {
    severity: 'error',
    title: 'host belongs to another Service',
    explanation:
      "The annotation `smi-mesh.io/hosts` of a Service claims a host that is a name of another Service, or that an older Service claims (by creation time, absent first, then by name). The host stays that Service's.",
    hint: 'Let one Service have the host.',
  },
} as const satisfies Record<string, CatalogueEntry>;

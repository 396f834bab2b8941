import type { CatalogueEntry } from '../severity.ts';

/** What TrafficPolicies refer to (30xx), and what they mean together with the rest (41xx). */
export const policyCodes = {
  SMI3014: {
    severity: 'error',
    title: 'Service of a policy not found',
    explanation: 'A TrafficPolicy is for a Service that does not exist in its namespace. It says nothing there.',
    hint: 'Create the Service, or correct the name.',
  },
  SMI3015: {
    severity: 'error',
    title: 'nowhere to mirror to',
    explanation:
      'A TrafficPolicy mirrors requests to a Service, or to a port of it, that does not exist or does not speak HTTP. Nothing is mirrored.',
    hint: 'Create the Service in the namespace of the policy, or name its port.',
  },
  SMI4101: {
    severity: 'error',
    title: 'policy for another namespace',
    explanation:
      'A TrafficPolicy is for Services of its own namespace, for that namespace, or, in the namespace of the control plane or `smi-mesh`, for the whole mesh. This reference means nothing: who may write to one namespace decides nothing in another.',
    hint: 'Move the TrafficPolicy to the namespace that it is for.',
  },
  SMI4102: {
    severity: 'error',
    title: 'matches of a policy do not resolve',
    explanation:
      'A TrafficPolicy names an HTTPRouteGroup or a match that does not exist or cannot be used. What clients do (time limits, retries and the like) then covers only what does resolve. What servers ask (authentication, rate limits) covers every request: what protects must not vanish by a slip.',
    hint: 'Correct the references, or remove `matches` to cover every request.',
  },
  SMI4103: {
    severity: 'warning',
    title: 'field said twice',
    explanation:
      'Two TrafficPolicies without matches say the same field for the same Service, namespace or mesh. The older one (by creation time, absent first, then by name) is in force for that field.',
    hint: 'Remove the field from one of them.',
  },
  SMI4104: {
    severity: 'warning',
    title: 'field that cannot depend on a request',
    explanation:
      'A TrafficPolicy with matches says how endpoints are treated (loadBalancer, timeouts.connect, circuitBreaker, outlierDetection, healthCheck) or how connections are secured (tls). That is decided before there is a request, so the field is ignored.',
    hint: 'Put the field into a TrafficPolicy without matches.',
  },
  SMI4105: {
    severity: 'warning',
    title: 'policy without requests',
    explanation:
      'A TrafficPolicy says what happens to requests, but no port of its Service speaks HTTP. Bytes have no requests, so those fields do nothing there.',
    hint: 'Mark the Service port as HTTP by appProtocol or name, or remove the fields.',
  },
  SMI4106: {
    severity: 'warning',
    title: 'modes of TLS that differ',
    explanation:
      'Several TrafficPolicies of the same rank set different modes of TLS for one container port, for example through two Services. The strictest holds: strict before permissive before disabled.',
    hint: 'Say the same mode in each of them.',
  },
  SMI4107: {
    severity: 'info',
    title: 'port guarded by several policies',
    explanation:
      'Several TrafficPolicies without matches limit the rate, or ask for authentication, at one container port, for example through two Services. A request has to pass all of them.',
    hint: 'Nothing to do when that is meant; otherwise keep one of them.',
  },
  SMI4108: {
    severity: 'error',
    title: 'closed by a refused policy',
    explanation:
      'A TrafficPolicy that asks for authentication has an error, and there is no last good version of it. The HTTP ports that it is for answer every request with 401: they must not be open for want of the policy.',
    hint: 'Correct the errors that are reported beside this.',
  },
} as const satisfies Record<string, CatalogueEntry>;

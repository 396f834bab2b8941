/**
 * What the SMI specifications say, clause by clause in our own words, and which tests show it. A golden case holds decide(),
 * our proxy and Envoy to the same answers, so it shows a clause on all three; its `case.yaml` lists the clause too.
 */
export interface Clause {
  readonly says: string;
  /** Golden cases. */
  readonly cases?: readonly string[];
  /** Other tests, by file and name. */
  readonly tests?: readonly (readonly [file: string, name: string])[];
  /** Why no request can show it, or not all of it. */
  readonly apart?: string;
  /** What is not there yet. */
  readonly pending?: string;
}

/** By the letter that the names of clauses begin with. */
export const clauseGroups = {
  S: 'TrafficSplit',
  R: 'HTTPRouteGroup',
  T: 'TCPRoute and UDPRoute',
  A: 'TrafficTarget',
  I: 'IdentityBinding',
  V: 'Versions',
  D: 'To be decided',
  F: 'Safety',
  X: 'Test vectors',
} as const;

export const clauses: Readonly<Record<string, Clause>> = {
  'S-1': {
    says: "The root is a Service in the split's own namespace, under the name that programs use.",
    cases: ['split-90-10', 'split-service-forms', 'outbound-hosts'],
  },
  'S-2': {
    says: "Backends are Services of the split's namespace, whatever they select.",
    cases: ['split-service-forms', 'split-per-backend-access'],
  },
  'S-3': {
    says: "The client's proxy splits. A caller without one finds the root as an ordinary Service.",
    cases: ['split-90-10'],
    apart: 'callers outside the mesh reach no proxy of ours; in a cluster the conformance suite lets one call',
  },
  'S-4': {
    says: "A backend's share is its weight among all weights; they need not add up to 100, and 0 gets nothing.",
    cases: [
      'split-90-10',
      'split-thirds',
      'split-big-ratio',
      'split-huge-weights',
      'split-weight-zero',
      'split-v1alpha1',
    ],
  },
  'S-5': {
    says: 'Left open: all weights zero, no backends, negative weights.',
    cases: ['split-all-zero', 'split-negative-weight', 'split-fractional-weight', 'split-all-backends-missing'],
  },
  'S-6': {
    says: 'A split may name a backend that does not exist yet.',
    cases: ['split-missing-backend-zero', 'split-missing-backend', 'split-missing-backend-takes-all'],
  },
  'S-7': {
    says: 'Left open: a backend without healthy endpoints.',
    cases: ['split-unready-backend', 'split-backend-without-pods'],
  },
  'S-8': {
    says: 'A backend takes part for the ports of the root that it offers too, by number; every port is split by itself.',
    cases: ['split-backend-lacks-port', 'split-mixed-ports', 'split-target-ports-differ', 'split-no-backend-has-port'],
    pending: 'Events on the TrafficSplit: the controller writes them in a cluster',
  },
  'S-9': {
    says: 'A backend that is the root of another split is not followed.',
    cases: ['split-not-nested'],
  },
  'S-10': {
    says: 'A split should not name its root as a backend; many do.',
    cases: ['split-root-as-backend'],
  },
  'S-11': {
    says: 'With matches, only requests that match are split; several groups add up.',
    cases: [
      'split-v1alpha3-matches',
      'match-groups-add-up',
      'split-several',
      'split-matches-unresolved',
      'split-matches-empty',
      'converted-split',
    ],
  },
  'S-12': {
    says: 'Methods and paths of a group count for a split as headers do.',
    cases: ['match-all-parts', 'match-methods', 'match-path-regex-spec'],
  },
  'S-13': {
    says: 'Splits are for every protocol, matches for HTTP.',
    cases: ['split-tcp', 'split-tcp-weights', 'split-tcp-matches'],
  },
  'S-14': {
    says: 'A split allows nothing.',
    cases: ['split-does-not-grant', 'split-per-backend-access'],
  },
  'S-15': {
    says: 'How a proxy could be built for it.',
    apart: 'an illustration, no rule',
  },
  'R-1': {
    says: 'A route group speaks of HTTP and does nothing by itself.',
    cases: ['access-no-rules', 'tcp-http-group'],
    tests: [
      [
        'test/unit/proxy/http2-proxy.test.ts',
        'understand each other through two proxies on one shared connection, and policy holds',
      ],
    ],
  },
  'R-2': {
    says: 'The name of a match is its key in the group.',
    cases: ['access-buyer-and-thief', 'unresolved-match-name'],
  },
  'R-3': {
    says: 'A path expression is anchored at the start.',
    cases: [
      'match-path-regex-spec',
      'match-path-regex-full',
      'match-path-vectors',
      'access-regex-spec',
      'access-path-segments',
      'access-regex-full',
      'config-path-regex',
      'path-normal-form',
    ],
  },
  'R-4': {
    says: 'Methods are listed, or all are meant; without path any path.',
    cases: ['match-methods', 'match-methods-any'],
  },
  'R-5': {
    says: 'Headers of a match must all match, by expressions on their values; of several matches one is enough.',
    cases: ['match-headers', 'match-headers-list', 'match-headers-repeated', 'match-header-host', 'access-headers'],
  },
  'R-6': {
    says: 'Path, methods and headers of a match must all match.',
    cases: ['match-all-parts'],
  },
  'R-7': {
    says: 'Tools may make route groups from descriptions of APIs.',
    apart: 'advice to tools, no rule',
  },
  'T-1': {
    says: 'Before v1alpha4 a TCPRoute matches everything; the port came from the target.',
    cases: ['versions-tcproute', 'destination-port-tcp'],
  },
  'T-2': {
    says: 'A TCPRoute lists ports; an empty list means all. Which ports are meant is left open.',
    cases: [
      'rules-tcproute-every-port',
      'tcp-ports',
      'rules-service-port',
      'rules-named-target-port',
      'versions-tcproute',
    ],
  },
  'T-3': {
    says: 'A UDPRoute is the same for UDP.',
    cases: ['udp-alone', 'udp-beside-http', 'udp-and-tcp', 'udp-split'],
    tests: [['test/semantics/access.test.ts', 'is let in by a UDPRoute on its ports, and by nothing else']],
  },
  'T-4': {
    says: 'Both match ports and nothing else.',
    cases: ['rules-tcproute-alone', 'tcp-access'],
  },
  'A-1': {
    says: 'Nothing is allowed but what targets allow, and they add up.',
    cases: ['access-default-deny', 'access-adds-up', 'access-mode-allow', 'access-mode-audit', 'config-access-mode'],
  },
  'A-2': {
    says: 'Allowed is who is a source, at the destination, with what a rule covers.',
    cases: ['access-buyer-and-thief', 'access-methods', 'access-headers', 'tcp-access'],
  },
  'A-3': {
    says: 'An identity is a service account, proven by a certificate.',
    cases: ['access-namespaces', 'hostile-peers', 'binding-account'],
  },
  'A-4': {
    says: 'A destination is pods by account, not a Service.',
    cases: ['two-accounts', 'binding-destination'],
  },
  'A-5': {
    says: "Rules name routes of the target's own namespace.",
    cases: ['access-routes-of-own-namespace'],
  },
  'A-6': {
    says: 'Without `matches` a rule means every match of the group.',
    cases: ['access-whole-group'],
  },
  'A-7': {
    says: 'TCPRoutes narrow HTTP rules to their ports; TCP and UDP add up.',
    cases: [
      'rules-tcproute-narrows',
      'rules-tcproutes-add-up',
      'rules-http-every-port',
      'udp-beside-http',
      'udp-and-tcp',
    ],
  },
  'A-8': {
    says: '`destination.port` narrows to one port.',
    cases: [
      'destination-port',
      'destination-port-tcp',
      'destination-port-service',
      'destination-port-elsewhere',
      'destination-port-ambiguous',
    ],
  },
  'A-9': {
    says: 'A target has a rule and a source; without, it allows nothing.',
    cases: ['access-no-rules', 'access-inert'],
  },
  'A-10': {
    says: "The server's proxy enforces.",
    cases: ['hostile-peers', 'hostile-peers-audit', 'two-accounts', 'client-access-pass', 'client-access-refuse'],
  },
  'A-11': {
    says: 'Who writes a target for a destination opens it.',
    cases: ['access-foreign-destination', 'config-cross-namespace'],
    apart: "who may write which objects is the cluster's own access control",
  },
  'A-12': {
    says: 'TCPRoutes alone allow any bytes, HTTP included.',
    cases: ['rules-tcproute-alone', 'versions-tcproute'],
  },
  'A-13': {
    says: 'Traffic into and out of the mesh, retries, timeouts, limits and hosts are other matters.',
    apart: 'out of the scope of SMI',
  },
  'I-1': {
    says: 'Schemes are alternatives.',
    cases: ['binding-schemes'],
  },
  'I-2': {
    says: 'Labels and a service account exclude each other.',
    cases: ['binding-both-schemes'],
  },
  'I-3': {
    says: 'A binding speaks for its own namespace.',
    cases: ['binding-elsewhere', 'binding-spiffe', 'binding-account', 'binding-destination'],
  },
  'I-4': {
    says: 'SPIFFE ids may be of other trust domains.',
    cases: ['binding-spiffe', 'binding-federated'],
    tests: [
      [
        'test/unit/compile/identity-bindings.test.ts',
        'of identities names accounts of its own namespace and other trust domains',
      ],
    ],
  },
  'I-5': {
    says: 'A target may name a binding of another namespace.',
    cases: ['binding-elsewhere', 'binding-missing'],
  },
  'I-6': {
    says: 'Left open: how a server knows the labels of a peer.',
    cases: ['binding-labels', 'binding-labels-audit'],
  },
  'V-1': {
    says: 'Every version of every kind.',
    cases: [
      'split-v1alpha1',
      'split-v1alpha2',
      'split-v1alpha3-matches',
      'split-unknown-version',
      'versions-access',
      'versions-routes',
      'versions-tcproute',
      'metrics-queries',
    ],
  },
  'V-2': {
    says: 'Headers as an object and as a list.',
    cases: ['match-headers', 'match-headers-list', 'versions-routes'],
  },
  'V-3': {
    says: 'Weights as whole numbers, fractions and quantities keep their ratio.',
    cases: ['split-v1alpha1', 'split-fractional-weight'],
  },
  'V-4': {
    says: '`apiGroup` in references.',
    cases: ['split-api-group'],
  },
  'V-5': {
    says: 'A conversion does not lose the port of a destination.',
    cases: ['destination-port', 'converted-port'],
    tests: [['test/unit/smi/convert/meaning.test.ts', 'a converted mesh decides every request as before']],
  },
  'D-1': {
    says: 'Fully qualified root.',
    cases: ['split-service-forms'],
  },
  'D-2': {
    says: 'All weights zero.',
    cases: ['split-all-zero'],
  },
  'D-3': {
    says: 'Missing backend.',
    cases: ['split-missing-backend', 'split-missing-backend-takes-all', 'split-missing-backend-zero'],
  },
  'D-4': {
    says: "Backend without the root's port.",
    cases: ['split-backend-lacks-port', 'split-no-backend-has-port'],
  },
  'D-5': {
    says: 'Root among its own backends.',
    cases: ['split-root-as-backend'],
  },
  'D-6': {
    says: 'Two splits on one root.',
    cases: ['split-conflict', 'split-several', 'split-several-by-name', 'split-several-ordered'],
  },
  'D-7': {
    says: 'Chains of splits.',
    cases: ['split-not-nested'],
  },
  'D-8': {
    says: 'Unmatched requests of a split with matches.',
    cases: ['split-several', 'split-v1alpha3-matches', 'split-matches-unresolved'],
  },
  'D-9': {
    says: 'Anchoring of expressions.',
    cases: ['match-path-regex-spec', 'match-path-regex-full', 'config-path-regex'],
  },
  'D-10': {
    says: '`*` and empty methods.',
    cases: ['match-methods-any'],
  },
  'D-11': {
    says: 'The header `host`.',
    cases: ['match-header-host'],
  },
  'D-12': {
    says: 'Empty rules, matches and sources, unknown matches and groups.',
    cases: [
      'access-no-rules',
      'access-inert',
      'split-matches-empty',
      'unresolved-match-name',
      'unresolved-refused-group',
      'tcp-missing-group',
    ],
  },
  'D-13': {
    says: 'A TCPRoute beside a route group, and one without ports.',
    cases: ['rules-tcproute-narrows', 'rules-tcproute-every-port'],
  },
  'D-14': {
    says: 'A target outside the namespace of its destination.',
    cases: ['access-foreign-destination', 'config-cross-namespace'],
  },
  'D-15': {
    says: 'The namespace of routes.',
    cases: ['access-routes-of-own-namespace'],
  },
  'F-1': {
    says: 'What does not resolve never widens.',
    cases: [
      'unresolved-group-beside-tcproute',
      'unresolved-tcproute-beside-group',
      'unresolved-one-group-of-two',
      'unresolved-one-tcproute-of-two',
      'split-matches-partly-unresolved',
      'binding-missing',
      'config-refused',
    ],
  },
  'F-2': {
    says: 'What a target system cannot express never widens.',
    cases: ['tcp-http-group'],
    tests: [
      [
        'test/unit/adapter/losses.test.ts',
        'names what only some targets know: pods of an account, other trust domains, UDP',
      ],
    ],
  },
  'F-3': {
    says: 'Deleting a target revokes what it allowed.',
    cases: ['deletion-before', 'deletion-after'],
  },
  'F-4': {
    says: 'Without its source, what was good stays in force.',
    tests: [
      [
        'test/unit/control/last-good.test.ts',
        'keeps everything of a file that cannot be parsed, and nothing that went from a sound one',
      ],
    ],
    apart: 'about the control plane, not about a request',
  },
  'X-1': {
    says: 'Weights `900m`/`100m`, `1`/`500m`, `0`/`0`.',
    cases: ['split-v1alpha1'],
  },
  'X-2': {
    says: 'Thirds.',
    cases: ['split-thirds'],
    pending: 'the rounding of targets that know percentages only, with the first such adapter',
  },
  'X-3': {
    says: 'Paths `/foo`, `/foo.*`, `.*foo`, `^/foo$`, `/a|/b`, `(?i)/x` and empty.',
    cases: ['match-path-vectors'],
  },
  'X-4': {
    says: 'Methods `[]`, `["*"]`, `["GET", "*"]` and in lower case; the header `host`.',
    cases: ['match-methods-any', 'match-methods-lower-case', 'match-header-host'],
  },
  'X-5': {
    says: 'A group of 65 matches.',
    cases: ['match-many'],
  },
  'X-6': {
    says: 'Seventeen backends.',
    cases: ['split-many-backends'],
  },
  'X-7': {
    says: "The flow of SMI's conformance suite.",
    tests: [['test/unit/conformance/suite.test.ts', 'says of decide() that it conforms']],
    apart: 'its steps about definitions and about Deployments that become ready need a cluster',
  },
};

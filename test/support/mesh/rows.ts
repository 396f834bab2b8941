/**
 * Points where SMI is silent and smi-mesh decides (the table in docs/semantics.md), as far as requests can show them.
 * Every row is hit by one request that is served and by one that is not, or that goes elsewhere.
 */
export const rows = {
  versions: 'every served version of a kind means the same; an unknown one counts as absent',
  'headers-wire-forms': 'headers of a match as object or as list of single-key objects',
  'path-regex': 'pathRegex is RE2, anchored at the start or whole by setting',
  paths: 'one normal form of paths; what has none is answered 400',
  'host-header': 'the header host means the authority',
  'header-regex': 'RE2 on the whole value, values joined with a comma',
  methods: 'absent, empty or * means all',
  'spec-service': 'bare name, name.namespace or full name in the own namespace',
  'unmatched-requests': 'requests that a split does not match go to the root',
  weights: 'relative integers; 0 gets nothing; all 0 fails',
  'missing-backend': 'left out with its port; none left fails; never silently the root',
  'unready-backend': 'keeps its share, which fails',
  'root-as-backend': 'means the own endpoints of the root; nothing is followed',
  'several-splits': 'with matches first; then by time and name; a second unconditional one is ignored',
  'tcp-split': 'by connection; matches do not apply',
  'traffic-target': 'additive, deny by default',
  rules: 'ports narrow HTTP rules; a TCPRoute alone allows any bytes',
  'unknown-grants-nothing': 'no rules, no sources, unknown match or route grant nothing',
  'unresolved-never-widens': 'what is missing matches nothing and still narrows',
  'refused-object': 'an error refuses the object, which counts as absent, granting and matching nothing',
  'access-mode': 'deny, audit or allow',
  denial: '403, or TCP closed without a byte',
  enforcement: "at the server's proxy by the peer's certificate",
  unmeshed: 'plain text to pods without a sidecar',
  outbound: 'names of the service and nothing else',
} as const;

import type { CatalogueEntry } from '../severity.ts';

/** 45xx: valid, and probably not what was meant. Reported by `validate` alone. */
export const lintCodes = {
  SMI4501: {
    severity: 'info',
    title: 'older version',
    explanation: 'The object is written in a version of its kind that a newer one has replaced. It works as before.',
    hint: 'Run `smi-cli convert` to write it in the newest version, unless another program needs this one.',
  },
  SMI4502: {
    severity: 'warning',
    title: 'redundant match',
    explanation:
      'Whatever a match covers is covered by another match of the same HTTPRouteGroup as well, and nothing refers to the narrower one alone. It never decides anything.',
    hint: 'Remove the narrower match, or correct the wider one.',
  },
  SMI4503: {
    severity: 'warning',
    title: 'shadowed split',
    explanation:
      'Every request that a match of a TrafficSplit covers is taken by another split of the same root Service, which is asked first. The weights of the later split never apply to it.',
    hint: 'Narrow the matches of the earlier split, or merge the two.',
  },
  SMI4504: {
    severity: 'warning',
    title: 'target protects nobody',
    explanation: 'No pod runs under the destination account of a TrafficTarget, so that it opens nothing.',
    hint: 'Correct the destination, or set the serviceAccountName of the pods that are meant.',
  },
  SMI4505: {
    severity: 'info',
    title: 'source that nobody runs',
    explanation: 'No pod runs under an account that a TrafficTarget lists as a source, so that nobody makes use of it.',
    hint: 'Remove the source, or set the serviceAccountName of the pods that are meant.',
  },
  SMI4506: {
    severity: 'warning',
    title: 'rule covers nothing',
    explanation:
      'The HTTP rules of a TrafficTarget are narrowed to ports of which none speaks HTTP at the destination, so that no request is ever covered.',
    hint: 'List an HTTP port in the TCPRoute, or mark the Service port as HTTP by appProtocol or name.',
  },
  SMI4507: {
    severity: 'info',
    title: 'nothing refers to it',
    explanation: 'No TrafficTarget, TrafficSplit or TrafficPolicy names this route, so that it has no effect.',
    hint: 'Refer to it from a TrafficTarget or a TrafficSplit of its namespace, or remove it.',
  },
  SMI4508: {
    severity: 'warning',
    title: 'backend listed twice',
    explanation: 'A TrafficSplit lists one Service as a backend more than once. Its weights add up.',
    hint: 'Write one backend with the sum of the weights, or correct the name.',
  },
  SMI4509: {
    severity: 'info',
    title: 'weights that split nothing',
    explanation:
      'Of several backends of a TrafficSplit only one has a positive weight, so that all requests go there. That is how a rollout begins and ends, and a mistake in between.',
    hint: 'Give another backend a positive weight when traffic should be split.',
  },
  SMI4510: {
    severity: 'info',
    title: 'dot that matches anything',
    explanation:
      'An unescaped dot between two words of an expression matches any character: `example.com` also matches `exampleXcom`. In a header that stands for a host this is a warning.',
    hint: 'Write `\\.` for a dot.',
  },
  SMI4511: {
    severity: 'warning',
    title: 'expression that matches no path',
    explanation:
      'A pathRegex can match no path: every path begins with `/` and is matched from there, and the query is not part of it.',
    hint: 'Begin the expression with `/` or `.*`, and leave the query out.',
  },
  SMI4512: {
    severity: 'info',
    title: 'expression with an open end',
    explanation:
      'A pathRegex is anchored at its start only, so that one which ends in the middle of a word also matches longer words: `/api` matches `/apiv2`.',
    hint: 'End it with `$` to match this path alone, with `(/.*)?$` to match what is below it, or with `.*` to say that anything may follow.',
  },
  SMI4513: {
    severity: 'warning',
    title: 'expression for a part of a header',
    explanation:
      'A header expression must match the whole value. A single word seldom is all of a `user-agent`, `cookie` or `accept` header, so that the match covers next to nothing.',
    hint: 'Write `.*` before and after the word.',
  },
  SMI4514: {
    severity: 'warning',
    title: 'ports of different protocols',
    explanation:
      'A backend of a TrafficSplit offers a port of the root Service with another protocol: one speaks HTTP and the other TCP.',
    hint: 'Give both Service ports the same appProtocol.',
  },
  SMI4515: {
    severity: 'info',
    title: 'target port not declared',
    explanation:
      'A Service port leads to a container port that no container of the selected pods declares. Declarations are information only, yet a wrong number often shows this way.',
    hint: 'Declare the port in the container, or correct targetPort.',
  },
  SMI4516: {
    severity: 'warning',
    title: 'label or annotation that nobody reads',
    explanation:
      'A pod, a template of pods or a namespace has a label or an annotation of the mesh (`smi-mesh.io/...`) that there is not: it is misspelt, or an annotation that is to be a label. It does nothing, so that a pod whose exclusion it was meant to be has none.',
    hint: 'Correct the name, or remove it; docs/injection.md has all of them.',
  },
  SMI4520: {
    severity: 'warning',
    title: 'policy that says nothing',
    explanation: 'A TrafficPolicy has targets and no field beside them, so that it has no effect.',
    hint: 'Add what it should do, or remove it.',
  },
  SMI4521: {
    severity: 'warning',
    title: 'time that never counts',
    explanation:
      'A time of a TrafficPolicy is longer than the one that bounds it: perTry than request, the base of a backoff than its max, an ejection than its maxTime. The shorter one always ends it.',
    hint: 'Shorten it, or lengthen the other.',
  },
  SMI4522: {
    severity: 'warning',
    title: 'retries that may act twice',
    explanation:
      'A TrafficPolicy retries a method that is not idempotent (RFC 9110 section 9.2.2). A request whose answer was lost has perhaps been acted on, and is acted on once more.',
    hint: 'Leave the method out unless the program recognises repeated requests; if it does, say so in a comment that ignores this.',
  },
  SMI4523: {
    severity: 'warning',
    title: 'mirror to itself',
    explanation: 'A TrafficPolicy mirrors the requests of a Service to the same Service, which then gets them twice.',
    hint: 'Mirror to another Service.',
  },
  SMI4524: {
    severity: 'warning',
    title: 'every request fails',
    explanation: 'A TrafficPolicy without matches aborts all requests: its Service is unreachable.',
    hint: 'Lower the percentage, or add matches that pick the requests of a test.',
  },
  SMI4525: {
    severity: 'warning',
    title: 'hash that nobody looks at',
    explanation: 'A TrafficPolicy says what to hash and chooses an algorithm that does not hash.',
    hint: 'Use ringHash or maglev, or remove hashOn.',
  },
  SMI4526: {
    severity: 'warning',
    title: 'keys in plain text',
    explanation:
      'Proxies fetch the keys that tokens are checked with over plain HTTP. Whoever can change that answer can sign tokens that are accepted.',
    hint: 'Use an https address, or a file.',
  },
  SMI4590: {
    severity: 'warning',
    title: 'ignored without a reason',
    explanation:
      'A comment asks to ignore a finding and does not say why, so that it ignores nothing. Whoever reads it later should not have to guess.',
    hint: 'Write `# smi-mesh: ignore CODE -- REASON`.',
  },
  SMI4591: {
    severity: 'warning',
    title: 'comment not understood',
    explanation: 'A comment asks to ignore something that is not a code of a finding, so that it ignores nothing.',
    hint: 'Write `# smi-mesh: ignore CODE -- REASON` with a code of this page.',
  },
  SMI4592: {
    severity: 'warning',
    title: 'nothing to ignore',
    explanation:
      'A comment asks to ignore a finding that is not there any more, or stands on another line. Behind a value a comment speaks of its own line, otherwise of the next one.',
    hint: 'Remove the comment, or move it to the line of the finding.',
  },
} as const satisfies Record<string, CatalogueEntry>;

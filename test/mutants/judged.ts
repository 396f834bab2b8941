import type { Mutation } from './sites.ts';

/** Why no case finds a fault. */
export interface Judgement {
  /** `same`: nothing that a program, or whoever asks for TrafficMetrics, does shows a difference. `outside`: what the suite does not speak of. */
  readonly kind: 'same' | 'outside';
  readonly reason: string;
}

/** Part of `OPERATOR: BEFORE => AFTER`, and where that is not enough, part of the sentence around it or the function. */
type Meant = string | readonly [fault: string, around: string];

/** What is known of some faults of a file. */
export interface Judged extends Judgement {
  readonly file: string;
  readonly faults: readonly Meant[];
}

const logs = 'rule and verdict of a request are told by logs, traces and Prometheus; TrafficMetrics go by its status';
const balancing = 'which pod of a Service takes a request, as load and failures go, is no matter of SMI';
const intercepted = 'shows where connections are intercepted, which is in a cluster';
const policies = 'a TrafficPolicy says it; SMI has no words for it';
const plain = 'every pod of a case is in the mesh, and proves an identity';
const gateway = 'rules for some clients, and a status of their own, are of routes of the Gateway API; SMI has neither';
const told = 'what a program is told of its caller (x-forwarded-client-cert) is no matter of SMI';
const retries = 'programs of the suite take every connection, and SMI has no retries';

const judged: readonly Judged[] = [
  {
    file: 'model/decide.ts',
    kind: 'same',
    reason: 'names of Services at a port are different: the first that answers to one is the last',
    faults: ['=> reachable.findLast(', '=> listening.findLast('],
  },
  {
    file: 'model/decide.ts',
    kind: 'same',
    reason: 'nobody sees a status of a connection',
    faults: [
      ['constant: 0 => 1', 'unavailable'],
      ['constant: 0 => 1', 'found.to.status'],
    ],
  },
  {
    file: 'model/decide.ts',
    kind: 'outside',
    reason: 'why there is no answer is told to people by `explain`; SMI says that there is none',
    faults: [
      ['found.to.status === 404', 'const text'],
      ['constant: 404', 'const text'],
    ],
  },
  {
    file: 'model/decide.ts',
    kind: 'outside',
    reason: policies,
    faults: [['', 'fieldsInForce(']],
  },
  {
    file: 'model/decide.ts',
    kind: 'outside',
    reason: 'programs of the suite send one Host: the client of Node takes no other',
    faults: ["constant: 'object' => 'mutant'"],
  },
  {
    file: 'model/decide.ts',
    kind: 'outside',
    reason: intercepted,
    faults: ['host !== undefined => host === undefined'],
  },
  {
    file: 'model/access.ts',
    kind: 'outside',
    reason: 'decide() knows callers by workload; those known by address are asked about by proxies',
    faults: ["constant: 'object' => 'mutant'"],
  },
  {
    file: 'model/access.ts',
    kind: 'same',
    reason: 'a grant lists an identity once',
    faults: ['=> grant.from.findLast('],
  },
  {
    file: 'model/ports.ts',
    kind: 'same',
    reason: 'there is one port of a number and a transport',
    faults: ['=> ports.findLast('],
  },
  {
    file: 'model/match.ts',
    kind: 'outside',
    reason: 'SMI has expressions alone; TrafficPolicies have exact paths and prefixes',
    faults: ["constant: 'exact'", "constant: 'prefix'"],
  },
  {
    file: 'model/match.ts',
    kind: 'same',
    reason: 'no request has a header without a value',
    faults: [['constant: 0 => 1', 'value.length === 0']],
  },
  {
    file: 'emit/inbound.ts',
    kind: 'outside',
    reason: 'what callers belong to is told by Prometheus and `top` alone; pods of a case belong to nothing',
    faults: ['owner === undefined', '[{ identity, owner }]', 'emptied list: [...new Set(grants.flatMap(({ from })'],
  },
  {
    file: 'routing/inbound-table.ts',
    kind: 'outside',
    reason: 'what callers belong to is told by Prometheus and `top` alone; pods of a case belong to nothing',
    faults: [['negated condition: this.#peers.size < maxPeers', 'const label']],
  },
  {
    file: 'emit/match.ts',
    kind: 'same',
    reason: 'of any path nothing is said either way',
    faults: [["constant: 'any' => 'mutant'", 'match.path']],
  },
  {
    file: 'emit/match.ts',
    kind: 'outside',
    reason: 'SMI has expressions alone; TrafficPolicies have exact paths and prefixes',
    faults: ["constant: 'exact'", "constant: 'prefix'"],
  },
  {
    file: 'emit/service.ts',
    kind: 'same',
    reason: 'the compiler writes rules for all clients alone',
    faults: ['=> rules.filter(() => true)'],
  },
  {
    file: 'emit/service.ts',
    kind: 'outside',
    reason: gateway,
    faults: ['to.status === undefined'],
  },
  {
    file: 'config/outbound.ts',
    kind: 'outside',
    reason: gateway,
    faults: [
      'this.#isMeant(from)) => service.rules.filter(() => true)',
      'from.includes(namespace) && from.includes(inboundPolicy)',
    ],
  },
  {
    file: 'config/outbound.ts',
    kind: 'outside',
    reason: 'every sidecar of ours speaks HTTP/2 and takes tunnels, whether it is asked or not',
    faults: ['negated condition: tunnel =>', "constant: '/udp' => 'mutant'"],
  },
  {
    file: 'emit/service.ts',
    kind: 'same',
    reason: 'shares are told by weights, and one target has all whatever its weight',
    faults: [['constant: 1 => 2', 'weight']],
  },
  {
    file: 'model/targets.ts',
    kind: 'same',
    reason: 'shares are told by weights, and one target has all whatever its weight',
    faults: [
      ['constant: 1 => 2', 'weight'],
      ['constant: 0 => 1', 'reduce'],
    ],
  },
  {
    file: 'emit/endpoints.ts',
    kind: 'same',
    reason: 'an empty list of further addresses says as much as none',
    faults: ['otherAddresses.length === 0', ['constant: 0 => 1', 'otherAddresses.length']],
  },
  {
    file: 'emit/endpoints.ts',
    kind: 'outside',
    reason: plain,
    faults: [['', 'identityAt(workload, reached) ===']],
  },
  {
    file: 'routing/inbound-table.ts',
    kind: 'same',
    reason: 'what is not remembered is made again, and counts under the same names',
    faults: [['negated condition: this.#peers.size < maxPeers', 'this.#peers.size'], 'this.#peers.set(key, access)'],
  },
  {
    file: 'routing/inbound-table.ts',
    kind: 'outside',
    reason: 'shows with a thousand callers of one pod, in names of series',
    faults: ['constant: 1_000', ['boundary: this.#peers.size < maxPeers', '']],
  },
  {
    file: 'routing/inbound-table.ts',
    kind: 'outside',
    reason: told,
    faults: ["peer === '' =>", ["constant: '' => 'mutant'", 'const forwarded']],
  },
  {
    file: 'routing/inbound-table.ts',
    kind: 'outside',
    reason: "a client's sidecar sends nothing that the server's cannot read",
    faults: ['this.rejected = this.#series('],
  },
  {
    file: 'routing/path.ts',
    kind: 'outside',
    reason: 'what a request asks for behind its path (`?...`) is no matter of SMI',
    faults: ['exchange.query = normal.value.query'],
  },
  {
    file: 'routing/inbound-table.ts',
    kind: 'outside',
    reason: 'which rule came nearest to a refused request is told by logs',
    faults: ['=> this.grants.findLast(', ['constant: 0 => 1', 'this.grants[0]']],
  },
  {
    file: 'routing/match.ts',
    kind: 'same',
    reason: 'the adapter writes names of headers in lower case, and never an empty one',
    faults: ["name === '' && name !== name.toLowerCase()", ["constant: '' => 'mutant'", "name === ''"]],
  },
  {
    file: 'routing/inbound-table.ts',
    kind: 'outside',
    reason: policies,
    faults: ['this.authentication = authentication'],
  },
  {
    file: 'phases/inbound.ts',
    kind: 'outside',
    reason: told,
    faults: ["forwarded !== ''", ["constant: '' => 'mutant'", 'forwarded'], "add('x-forwarded-client-cert'"],
  },
  {
    file: 'phases/inbound.ts',
    kind: 'outside',
    reason: logs,
    faults: [
      'exchange.series = grant.series',
      'exchange.rule = grant.rule',
      'exchange.grant = grant',
      "exchange.verdict = 'allowed'",
      "exchange.verdict = 'audited'",
    ],
  },
  {
    file: 'phases/inbound.ts',
    kind: 'outside',
    reason: plain,
    faults: [["constant: '' => 'mutant'", "exchange.peer === ''"]],
  },
  {
    file: 'phases/outbound.ts',
    kind: 'outside',
    reason: logs,
    faults: ['exchange.rule = route.split', "exchange.verdict = 'forwarded'", "exchange.verdict = 'rejected'"],
  },
  {
    file: 'phases/outbound.ts',
    kind: 'outside',
    reason: intercepted,
    faults: [
      'fixed !== undefined || destination !== undefined',
      'fixed !== undefined => fixed === undefined',
      'destination !== undefined => destination === undefined',
      'destination === undefined => destination !== undefined',
    ],
  },
  {
    file: 'phases/forward.ts',
    kind: 'outside',
    reason: balancing,
    faults: [
      'endpoint.pool.outstanding++',
      ['endpoint === undefined => endpoint !== undefined', 'response'],
      'exchange.endpoint.pool.outstanding--',
      'endpoint.answered(',
      'sentAt === 0',
      ['constant: 0 => 1', 'sentAt'],
      ['constant: 1 => 2', 'sentAt'],
      'arithmetic: now - sentAt',
      'status === 503',
      ['constant: 503 => 504', 'status === 503'],
      'endpoint.overloaded(now)',
      "lookupMesh('x-smi-overloaded') !== undefined =>",
    ],
  },
  {
    file: 'phases/forward.ts',
    kind: 'outside',
    reason: policies,
    faults: ['exchange.breaker = breaker', "release('requests')", "release('retries')"],
  },
  {
    file: 'phases/forward.ts',
    kind: 'outside',
    reason: logs,
    faults: ['exchange.failed()', 'exchange.reason = reason'],
  },
  {
    file: 'phases/forward.ts',
    kind: 'outside',
    reason: 'clients that leave before the answer, and limits of time, are no matter of SMI',
    faults: ['transaction.awaitUpstream()'],
  },
  {
    file: 'phases/forward.ts',
    kind: 'same',
    reason: 'a request on a connection of its own is answered as on one that was used before',
    faults: [['constant: false => true', 'acquire(']],
  },
  {
    file: 'phases/forward.ts',
    kind: 'outside',
    reason: retries,
    faults: [['constant: true => false', 'eachTry']],
  },
  {
    file: 'config/outbound.ts',
    kind: 'same',
    reason: 'what is not remembered is made again',
    faults: ['this.#services.set(name, compiled)'],
  },
  {
    file: 'config/outbound.ts',
    kind: 'outside',
    reason: 'the address of a listener of its own and IPv6 addresses are not names that cases call Services by',
    faults: [
      'names.push(listener.address)',
      "constant: ':' => 'mutant'",
      "=> name.endsWith('[')",
      "constant: '[' => 'mutant'",
    ],
  },
  {
    file: 'config/outbound.ts',
    kind: 'same',
    reason: 'backends of a split are of the namespace of its Service',
    faults: [["constant: '/' => 'mutant'", 'const service']],
  },
  {
    file: 'config/outbound.ts',
    kind: 'same',
    reason: 'every Service has a name',
    faults: [["constant: '' => 'mutant'", 'shortName']],
  },
  {
    file: 'config/tcp.ts',
    kind: 'same',
    reason: 'the rules of a port have one without a match at most, behind all others',
    faults: ['=> service.routes.findLast('],
  },
  {
    file: 'config/tcp.ts',
    kind: 'outside',
    reason: policies,
    faults: [
      ['constant: false => true', "take('connections')"],
      'this.#breaker = cluster.breaker',
      'this.#request = request',
      "release('connections')",
    ],
  },
  {
    file: 'config/tcp.ts',
    kind: 'outside',
    reason: retries,
    faults: [
      'boundary: tried.length < limits.tcpConnectAttempts',
      'tried.length > 0',
      ['constant: 0 => 1', 'tried.length > 0'],
      'tried.push(chosen)',
      'tried = true',
      ['constant: true => false', 'tried = true'],
    ],
  },
  {
    file: 'config/tcp.ts',
    kind: 'outside',
    reason: balancing,
    faults: [
      'chosen.pool.outstanding++',
      'this.#current?.connected()',
      'removed statement: connected()',
      'this.#leave()',
      'this.#current.pool.outstanding--',
      'this.#current !== undefined',
      'this.#current = undefined',
    ],
  },
  {
    file: 'config/tcp.ts',
    kind: 'outside',
    reason: plain,
    faults: [["constant: '' => 'mutant'", "identity === ''"]],
  },
];

/** What is known of a fault that no case finds; undefined: it is a gap. */
export function judgementOf(mutation: Mutation & { readonly file: string }): Judgement | undefined {
  return judgementIn(judged, mutation);
}

/** The first entry of a list that is about a fault. */
export function judgementIn(
  list: readonly Judged[],
  mutation: Mutation & { readonly file: string },
): Judgement | undefined {
  const { file, operator, before, after, about, within } = mutation;
  const text = `${operator}: ${before} => ${after}`;
  return list.find(
    (each) =>
      file.endsWith(each.file) &&
      each.faults.some((meant) =>
        typeof meant === 'string'
          ? text.includes(meant)
          : text.includes(meant[0]) && (about.includes(meant[1]) || within === meant[1]),
      ),
  );
}

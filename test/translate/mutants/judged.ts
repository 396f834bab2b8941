import { type Judged, type Judgement, judgementIn } from '../../mutants/judged.ts';
import type { EmitterMutant } from './all.ts';

const cautious = 'conditions that are wrongly thought to meet cost a match more, which says the same';
const limits = 'shows where a list or a text is exactly as long as it may be';
const sessions =
  'sessions are written in the experimental channel, of which there are no golden files, and are no part of the proof';
const tries = 'no golden case has such a policy, and retries and limits of single tries are no part of the proof';
const words = 'the words of a report';
const twoTransports = 'shows where pods of one selector have one number as a port of TCP and of UDP';

const judged: readonly Judged[] = [
  {
    file: 'gateway-api/emit/backends.ts',
    kind: 'same',
    reason: 'of exactly as many backends as a rule takes those without weight are left out, which get nothing',
    faults: ['targets.length < maxBackends'],
  },
  {
    file: 'gateway-api/emit/backends.ts',
    kind: 'same',
    reason: 'weights of exactly the greatest number are scaled to themselves',
    faults: ['greatest / divisor < maxWeight', 'greatest < maxWeight'],
  },
  {
    file: 'gateway-api/emit/http.ts',
    kind: 'same',
    reason: 'routes that hold less than they may say the same, in one more',
    faults: ['matches + rule.matches.length < maxMatchesOfRoute'],
  },
  {
    file: 'gateway-api/emit/precedence.ts',
    kind: 'same',
    reason: cautious,
    faults: [
      ["=> a.type !== 'PathPrefix'", 'pathsMayMeet'],
      ["constant: 'Exact' => 'mutant'", 'valuesMayMeet'],
    ],
  },
  {
    file: 'gateway-api/emit/precedence.ts',
    kind: 'same',
    reason: 'a prefix that is spelled as an expression without need means the same',
    faults: ['other.key !== key || mayMeet('],
  },
  {
    file: 'gateway-api/emit/precedence.ts',
    kind: 'outside',
    reason: limits,
    faults: ['headers.length >= maxHeaders'],
  },
  {
    file: 'gateway-api/emit/calls.ts',
    kind: 'same',
    reason: 'an HTTPRoute says of calls what a GRPCRoute would',
    faults: ["type !== 'RegularExpression'"],
  },
  {
    file: 'gateway-api/emit/calls.ts',
    kind: 'same',
    reason: 'the last rule of a port takes everything, and calls with it',
    faults: ['calls.length >= 0'],
  },
  {
    file: 'gateway-api/emit/headers.ts',
    kind: 'outside',
    reason: limits,
    faults: ['value.length < maxValue'],
  },
  {
    file: 'gateway-api/emit/objects.ts',
    kind: 'outside',
    reason: 'shows with more than sixteen Services of one other namespace behind one port',
    faults: [['constant: 1 => 2', 'referenceGrants']],
  },
  {
    file: 'gateway-api/emit/expression.ts',
    kind: 'same',
    reason: 'an anchor that is there twice is one',
    faults: ["constant: '^' => 'mutant'"],
  },
  {
    file: 'gateway-api/emit/views.ts',
    kind: 'same',
    reason: 'a short way: without it the same comes out',
    faults: [["constant: 'any' => 'mutant'", 'viewsOf']],
  },
  {
    file: 'gateway-api/emit/views.ts',
    kind: 'same',
    reason: 'consumers have routes for connections in this style, too; in that of Istio it shows',
    faults: [["constant: 'http' => 'mutant'", 'viewsOf']],
  },
  {
    file: 'gateway-api/emit/sessions.ts',
    kind: 'outside',
    reason: sessions,
    faults: ['emptied list: [{ ...self, weight: 1 }]', 'weight >= 0'],
  },
  {
    file: 'gateway-api/emit/policies.ts',
    kind: 'outside',
    reason: tries,
    faults: [
      ['', 'timeoutsOf'],
      ["constant: 'serverError'", 'retryOf'],
    ],
  },
  {
    file: 'istio/emit/authorization.ts',
    kind: 'outside',
    reason: words,
    faults: ['workloads.findLast((workload) => others.some(', "=> path.kind !== 'regex'"],
  },
  {
    file: 'istio/emit/authorization.ts',
    kind: 'outside',
    reason: twoTransports,
    faults: [["constant: 'udp' => 'mutant'", 'portsOf']],
  },
  {
    file: 'istio/emit/places.ts',
    kind: 'outside',
    reason: twoTransports,
    faults: ['workload.ports.filter(() => true)'],
  },
  {
    file: 'istio/emit/places.ts',
    kind: 'same',
    reason: 'there is one namespace of a name',
    faults: ['[...byNamespace].findLast('],
  },
  {
    file: 'istio/emit/destination-rule.ts',
    kind: 'same',
    reason: 'sidecars take no datagrams, so that nothing is done with what is said of ports of UDP',
    faults: ['.filter(() => true)'],
  },
  {
    file: 'istio/emit/operations.ts',
    kind: 'same',
    reason: 'methods that route groups can name have no star',
    faults: ['methods.filter(() => true)'],
  },
  {
    file: 'istio/emit/authentication.ts',
    kind: 'same',
    reason: 'policies of servers are at ports of HTTP alone',
    faults: ["one.port === port || one.protocol === 'http'"],
  },
  {
    file: 'istio/emit/literals.ts',
    kind: 'same',
    reason: 'grants and policies name route groups, which have expressions alone',
    faults: [["constant: 'prefix' => 'mutant'", 'pathPatterns']],
  },
  {
    file: 'istio/index.ts',
    kind: 'same',
    reason: 'a set that has no sidecar has no policy either',
    faults: ['policy === undefined && places === undefined'],
  },
];

/** What is known of a fault that nobody finds; undefined: it is a gap. */
export function judgementOf(mutant: EmitterMutant): Judgement | undefined {
  return judgementIn(judged, mutant);
}

import type { Authentication, Refused } from '../auth/authenticator.ts';
import type { AuthenticationLayer, PortAuthentication } from '../auth/port-authentication.ts';
import type { Verified } from '../auth/verifier.ts';
import type { Exchange } from '../routing/exchange.ts';
import type { DenialLog } from '../telemetry/denials.ts';
import { ANSWER, NEXT, type Phase, type Step, WAIT } from './phase.ts';

type Layers = readonly AuthenticationLayer<Exchange>[];

/**
 * Every policy that covers the request must be content with its tokens. Their claims become headers before access is
 * decided, so that grants can ask for them.
 */
export function authenticatePhase(
  asked: PortAuthentication<Exchange> | undefined,
  denials: DenialLog,
): Phase | undefined {
  if (asked === undefined) return undefined;
  const { layers, owned } = asked;
  return {
    name: 'authenticate',
    request: (exchange) => {
      for (const name of owned) if (exchange.header(name) !== undefined) exchange.editRequest().remove(name);
      return decide(exchange, layers, denials);
    },
    end: (exchange) => {
      exchange.waitingFor = undefined;
    },
  };
}

function decide(exchange: Exchange, layers: Layers, denials: DenialLog): Step {
  let first: Verified | undefined;
  let more: Verified[] | undefined;
  for (const layer of layers) {
    if (layer.covers !== undefined && !layer.covers(exchange)) continue;
    const outcome = layer.authenticator.authenticate(exchange);
    if (outcome instanceof Promise) return wait(exchange, layers, denials);
    if (outcome.kind === 'refused') return refuse(exchange, layer.policy, outcome, denials);
    if (first === undefined) first = outcome;
    else {
      more ??= [];
      more.push(outcome);
    }
  }
  // The most specific policy comes first and has the last word.
  for (const outcome of more?.reverse() ?? []) apply(exchange, outcome);
  if (first !== undefined) apply(exchange, first);
  return NEXT;
}

/** Asks all layers, and goes on with the request if it is still the same that waits. */
function wait(exchange: Exchange, layers: Layers, denials: DenialLog): typeof WAIT {
  const covering = layers.filter(({ covers }) => covers === undefined || covers(exchange));
  const ticket = {};
  exchange.waitingFor = ticket;
  const outcomes = covering.map(({ authenticator }) => authenticator.authenticate(exchange));
  void Promise.all(outcomes).then((results) => {
    if (exchange.waitingFor !== ticket) return;
    exchange.waitingFor = undefined;
    const bad = refusalOf(results);
    if (bad !== undefined) {
      refuse(exchange, covering[bad.at]!.policy, bad.refused, denials);
      exchange.transaction.answerNow();
      return;
    }
    for (const outcome of results.reverse()) if (outcome.kind === 'verified') apply(exchange, outcome);
    exchange.transaction.proceed();
  });
  return WAIT;
}

/** A bad token is bad even while nobody can tell about another. */
function refusalOf(results: readonly Authentication[]): { readonly at: number; readonly refused: Refused } | undefined {
  let found: { readonly at: number; readonly refused: Refused } | undefined;
  for (const [at, refused] of results.entries()) {
    if (refused.kind === 'refused' && (found === undefined || found.refused.status > refused.status)) {
      found = { at, refused };
    }
  }
  return found;
}

function apply(exchange: Exchange, { fields, consumed }: Verified): void {
  if (fields.length + consumed.length === 0) return;
  const edits = exchange.editRequest();
  for (const name of consumed) edits.remove(name);
  for (const [name, value] of fields) edits.set(name, value);
}

function refuse(exchange: Exchange, policy: string, refused: Refused, denials: DenialLog): typeof ANSWER {
  exchange.status = refused.status;
  exchange.verdict = 'denied';
  exchange.rule = policy;
  if (refused.challenge !== '') exchange.editResponse().set('www-authenticate', refused.challenge);
  denials.unauthenticated(exchange.peer, policy, refused.reason);
  return ANSWER;
}

import { policyCases } from '../../../src/adapter/policy-cases.ts';
import { type Origin, parseObjectKey } from '../../../src/diagnostics/origin.ts';
import { requestLayersOf } from '../../../src/model/policy-fields.ts';
import type { OutboundRule, ServiceId } from '../../../src/model/types.ts';
import { type Condition, methodsOf, routeMatch } from './match.ts';
import { type Message, originMetadata } from './message.ts';
import { dependsOnMethod, repeatableMethods } from './retry-policy.ts';
import { type ForwardSettings, forwardAction, type Target } from './route-action.ts';

type Layers = Parameters<typeof policyCases>[0];

/** A rule of a service port that is made into routes. */
export interface RuleOf {
  readonly rule: OutboundRule;
  /** The routes' names begin so. */
  readonly name: string;
  readonly service: ServiceId;
  readonly port: number;
  readonly policies: Layers;
}

/** Requests of one kind, and what the routes that take them are called. */
interface Taken {
  readonly name: string;
  readonly matches: readonly Condition[];
  readonly headers: readonly Message[];
  readonly origins: readonly Origin[];
  /** The split that governs them, `NAMESPACE/NAME`; absent: none does. */
  readonly split?: string;
}

const backendHeader = 'x-smi-backend';

/**
 * The routes of one rule: for each combination of policies that a request can meet, one for each way of treating it. A
 * request that the rule takes, one of them takes.
 */
export function ruleRoutes(
  { rule, name, service, port, policies }: RuleOf,
  given: ForwardSettings,
): readonly Message[] {
  const settings = { ...given, chooses: rule.to.kind === 'weighted' };
  const own = rule.match === 'any' ? [] : [rule.match];
  const { to, origins } = rule;
  const split = splitOf(rule);
  const governing = split === '' ? {} : { split };
  if (to.kind === 'fail') {
    return routesOf(
      { name, matches: own, headers: [], origins, ...governing },
      { directResponse: { status: to.status ?? 503 } },
    );
  }
  const targets = to.kind === 'self' ? [{ service, port, weight: 1 }] : to.targets;
  return policyCases(requestLayersOf(rule, policies)).flatMap(({ policy, matches: lists, covering, originsOf }) =>
    combinations(lists).flatMap((matches) => {
      const taken: Taken = {
        name: covering.length === 0 ? name : `${name}[${covering.join(',')}]`,
        matches: [...own, ...matches],
        headers: [],
        origins: [...origins, ...originsOf()],
        ...governing,
      };
      return [
        ...(policy.debugRouting === true ? namedBackends(taken, targets, policy, settings) : []),
        ...forwarding(taken, targets, policy, settings),
      ];
    }),
  );
}

/** The object that governs a rule, `NAMESPACE/NAME`; empty for what goes to the service's own endpoints. */
export function splitOf({ origins }: OutboundRule): string {
  const [first] = origins;
  if (first === undefined) return '';
  const { namespace, name } = parseObjectKey(first.object);
  return `${namespace}/${name}`;
}

type Policy = Parameters<typeof forwardAction>[1];

/** The client names the backend that takes its request; there is no other of that name. */
function namedBackends(
  taken: Taken,
  targets: readonly Target[],
  policy: Policy,
  settings: ForwardSettings,
): readonly Message[] {
  const named = (target: Target): readonly Message[] => {
    const [namespace, name = ''] = target.service.split('/');
    const regex = `(?:${literal(namespace ?? '')}/)?${literal(name)}`;
    const headers = [{ name: backendHeader, stringMatch: { safeRegex: { regex } } }];
    return forwarding({ ...taken, name: `${taken.name}=${name}`, headers }, [target], policy, settings);
  };
  const unknown = { ...taken, name: `${taken.name}=?`, headers: [{ name: backendHeader, presentMatch: true }] };
  return [...targets.flatMap(named), ...routesOf(unknown, { directResponse: { status: 404 } })];
}

function literal(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, '\\$&');
}

/** Tunnels have neither deadlines nor copies, and what may be sent again depends on the method. */
function forwarding(
  taken: Taken,
  targets: readonly Target[],
  policy: Policy,
  settings: ForwardSettings,
): readonly Message[] {
  const { timeouts, mirror, retries = {} } = policy;
  const action = (use: Parameters<typeof forwardAction>[2]) => forwardAction(targets, policy, use, settings);
  const tunnels =
    timeouts?.request || mirror !== undefined
      ? routesOf({ ...taken, name: `${taken.name}/upgrade`, headers: [...taken.headers, upgrade] }, action('tunnel'))
      : [];
  if (!dependsOnMethod(retries)) return [...tunnels, ...routesOf(taken, action('repeatable'))];
  const methods = methodsOf(taken.matches);
  const repeatable = repeatableMethods(retries);
  const some: Condition = { methods: repeatable, path: 'any', headers: 'any' };
  const rest = methods === 'any' || methods.some((method) => !repeatable.includes(method));
  return [
    ...tunnels,
    ...routesOf({ ...taken, matches: [...taken.matches, some] }, action('repeatable')),
    ...(rest ? routesOf({ ...taken, name: `${taken.name}/once` }, action('once')) : []),
  ];
}

const upgrade: Message = { name: 'upgrade', stringMatch: { exact: 'websocket', ignoreCase: true } };

function routesOf({ name, matches, headers, origins, split }: Taken, action: Message): readonly Message[] {
  const match = routeMatch(matches, headers);
  return match === undefined
    ? []
    : [{ name, match, ...originMetadata(origins, split === undefined ? {} : { split }), ...action }];
}

/** One of each list, in every way. */
function combinations<T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return lists.reduce<readonly (readonly T[])[]>(
    (found, list) => found.flatMap((chosen) => list.map((item) => [...chosen, item])),
    [[]],
  );
}

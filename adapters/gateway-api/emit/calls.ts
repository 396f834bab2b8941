import type { ServicePort } from '../../../src/model/types.ts';
import type { Condition } from './condition.ts';
import type { HttpAction } from './http-entries.ts';
import type { Entry } from './precedence.ts';

/** The model knows that a program speaks HTTP/2; that it speaks gRPC is told by the port's name alone. */
export function isForCalls({ name = '', http2 }: ServicePort): boolean {
  return http2 === true && /^grpc(?:-|$)/i.test(name);
}

/** Entries as far as they are about gRPC calls; `undefined` where a GRPCRoute has no words for one of them. */
export function callEntries(entries: readonly Entry<HttpAction>[]): readonly Entry<HttpAction>[] | undefined {
  const calls = entries.flatMap(({ condition, ...entry }) => {
    const { method, ...call } = condition;
    return method === undefined || method === 'POST' ? [{ ...entry, condition: call }] : [];
  });
  const sayable = calls.every(
    ({ condition, action }) =>
      calledMethod(condition) !== undefined && !('timeouts' in action.rule) && !('retry' in action.rule),
  );
  return sayable && calls.length > 0 ? calls : undefined;
}

/** GRPCRouteMatch. */
export function writtenCall(condition: Condition): unknown {
  const method = calledMethod(condition) ?? {};
  const { headers } = condition;
  return {
    ...(Object.keys(method).length === 0 ? {} : { method: { type: 'Exact', ...method } }),
    ...(headers.length === 0 ? {} : { headers }),
  };
}

/** Calls are requests for `/PACKAGE.SERVICE/METHOD`: empty where any call is meant. */
function calledMethod({ path: { type, value } }: Condition): Readonly<Record<string, string>> | undefined {
  if (type === 'PathPrefix' && value === '/') return {};
  const [, service, method] = /^\/([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\/([A-Za-z_]\w*))?$/.exec(value) ?? [];
  if (service === undefined || type === 'RegularExpression') return undefined;
  if (type === 'PathPrefix') return method === undefined ? { service } : undefined;
  return method === undefined ? undefined : { service, method };
}

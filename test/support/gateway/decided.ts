import { decide } from '../../../src/model/decide.ts';
import type { Decision } from '../../../src/model/decision.ts';
import { workloadId } from '../../../src/model/ids.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import type { AskedRequest, Interpreted } from './interpreter.ts';

/** What a model says of a request of the client to the shop, in the interpreter's words. */
export function decided(model: MeshModel, request: AskedRequest): Interpreted | number {
  const { status, targets, policies = [] } = answer(model, request);
  if (status !== undefined) return status;
  const abort = policies.find(({ path }) => path === 'faults.abort')?.value as Abort | undefined;
  if (abort?.share === 10_000) return abort.httpStatus;
  return Object.fromEntries(
    targets.filter(({ weight }) => weight > 0).map(({ service, weight }) => [service.slice('default/'.length), weight]),
  );
}

interface Abort {
  readonly httpStatus: number;
  readonly share: number;
}

/** The fields of policies in force for a request, by path. */
export function fieldsFor(model: MeshModel, request: AskedRequest): Readonly<Record<string, unknown>> {
  const { policies = [] } = answer(model, request);
  return Object.fromEntries(policies.map(({ path, value }) => [path, value]));
}

function answer(model: MeshModel, { method, path, headers }: AskedRequest): Decision {
  const from = workloadId('default', 'client');
  return decide(model, { kind: 'http', from, to: { host: 'shop', port: 80 }, method, path, headers });
}

/** Shares by their ratio alone. */
export function ratios(said: Interpreted | number): unknown {
  if (typeof said === 'number') return said;
  const total = Object.values(said).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(Object.entries(said).map(([name, weight]) => [name, weight / total]));
}

import { portKey } from '../../../src/model/ports.ts';
import type { Distribution, MeshModel } from '../../../src/model/types.ts';
import type { BackendContext } from './backends.ts';

/**
 * Who balances by a cookie is asked to keep sessions by it, where every backend of a rule says the same. The API has the
 * implementation set the cookie.
 */
export function sessionPersistence(
  model: MeshModel,
  to: Distribution,
  { self }: Pick<BackendContext, 'self'>,
): Readonly<Record<string, unknown>> {
  if (to.kind === 'fail') return {};
  const targets = to.kind === 'self' ? [{ ...self, weight: 1 }] : to.targets;
  const cookies = new Set(
    targets.filter(({ weight }) => weight > 0).map(({ service, port }) => cookieOf(model, service, port)),
  );
  const [cookie] = cookies;
  if (cookies.size !== 1 || cookie === undefined) return {};
  return { sessionPersistence: { type: 'Cookie', cookie: { name: cookie } } };
}

function cookieOf(model: MeshModel, service: string, port: number): string | undefined {
  const endpoints = model.outbound[service as keyof MeshModel['outbound']]?.ports[portKey(port)]?.endpoints;
  const hashOn = endpoints?.fields.loadBalancer?.hashOn;
  return hashOn !== undefined && 'cookie' in hashOn ? hashOn.cookie : undefined;
}

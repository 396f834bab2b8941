import { shared } from '../../../../src/adapter/tracking.ts';
import type { MeshModel } from '../../../../src/model/types.ts';
import type { EnvoyOptions } from '../../options.ts';
import { servedAt } from '../bindings.ts';
import type { Caller } from '../caller.ts';
import { settingsOf } from '../outbound-settings.ts';
import { type HttpPart, httpPart } from '../routes.ts';
import type { Meant } from './meant.ts';

/** What requests meet that mean a service port, at these domains. */
export function partOf(
  model: MeshModel,
  caller: Caller,
  { id, name, peer }: Pick<Meant, 'id' | 'name' | 'peer'>,
  domains: readonly string[],
  { testRandomHeader }: EnvoyOptions,
): HttpPart | undefined {
  return shared(model, `redirected requests ${caller.key} ${id} ${domains.join(' ')}`, (whole) => {
    const served = servedAt(whole, name);
    const { refusals, ...settings } = settingsOf(whole, caller, { name, peer });
    const forward = { ...settings, refusals: refusals.ofRequests, testRandomHeader };
    return { part: served && httpPart(served, domains, caller, forward) };
  }).part;
}

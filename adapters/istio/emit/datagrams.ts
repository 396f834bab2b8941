import type { EmitContext, MeshModel, Service } from '../../../src/adapter/index.ts';
import { originsWithin } from '../../../src/model/origins.ts';

/** Sidecars take no datagrams, whichever API says where they would go. */
export function reportDatagrams(
  model: MeshModel,
  { id }: Service,
  { report }: Pick<EmitContext<unknown>, 'report'>,
): void {
  for (const { protocol, rules } of Object.values(model.outbound[id]?.ports ?? {})) {
    if (protocol !== 'udp') continue;
    for (const { to, origins } of rules) {
      if (to.kind === 'self') continue;
      const text = `datagrams to ${id} stay with it: they pass the sidecars by`;
      report?.({ feature: 'udp-routing', kind: 'dropped', text, origins: originsWithin({ origins }, to) });
    }
  }
}

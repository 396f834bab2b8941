import type { Authenticators } from '../auth/authenticators.ts';
import type { PortAuthentication } from '../auth/port-authentication.ts';
import type { Exchange } from '../routing/exchange.ts';
import { coverageOf } from './policies.ts';
import type { Messages } from './resources.ts';

/** What policies ask of the end users of requests to one container port; undefined when nothing. */
export function authentication(
  { policies }: Messages['InboundPolicy'],
  port: number,
  authenticators: Authenticators,
): PortAuthentication<Exchange> | undefined {
  const layers = policies.flatMap((layer) => {
    const { policy, ports, authentication: asked } = layer;
    if (asked === null || !ports.includes(port)) return [];
    return [{ policy, covers: coverageOf(layer), authenticator: authenticators.authenticator(asked) }];
  });
  if (layers.length === 0) return undefined;
  const here = policies.filter(({ ports }) => ports.includes(port));
  const claims = here.flatMap((layer) => (layer.authentication?.jwt ?? []).flatMap(({ claimHeaders }) => claimHeaders));
  return { layers, owned: [...new Set(claims.map(({ header }) => header))] };
}

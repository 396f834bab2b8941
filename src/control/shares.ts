import type { MeshModel } from '../model/types.ts';
import type { WantedShare } from './messages.ts';

/** The shares that splits ask for, in the model's order; services without a split have none. */
export function wantedShares(model: MeshModel): readonly WantedShare[] {
  return Object.values(model.outbound).flatMap(({ service, ports }) =>
    Object.values(ports).flatMap(({ port, rules }) =>
      rules.flatMap(({ to }, rule) => {
        if (to.kind !== 'weighted') return [];
        const total = to.targets.reduce((sum, { weight }) => sum + weight, 0);
        return to.targets.map((target) => ({
          root: service,
          port,
          rule,
          backend: target.service,
          backendPort: target.port,
          weight: target.weight,
          total,
        }));
      }),
    ),
  );
}

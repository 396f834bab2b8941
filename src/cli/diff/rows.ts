import type { TrafficChange } from '../../analysis/changes.ts';
import { describeObject, type Locate, type Origin } from '../../diagnostics/origin.ts';
import { describeDestination, describeRequest, describeSide } from './describe.ts';

/** Changes that a person reads as one: the same request of the same clients, with the same verdicts, at several services. */
export interface TrafficRow {
  readonly change: TrafficChange;
  /** Where the same happens besides. */
  readonly alsoAt: readonly string[];
}

export function trafficRows(changes: readonly TrafficChange[]): readonly TrafficRow[] {
  const groups = Map.groupBy(changes, rowKey);
  return [...groups.values()].flatMap(([change, ...others]) =>
    change === undefined ? [] : [{ change, alsoAt: others.map(describeDestination) }],
  );
}

function rowKey(change: TrafficChange): string {
  const { effects, clients, example } = change;
  const sides = [describeSide(change, 'before'), describeSide(change, 'after')];
  return JSON.stringify([effects, clients, describeRequest(example.after.request), sides]);
}

/** The lines on one side that explain a change: who is let in, where that changes, and the backends, where those do. */
export function placesOf(change: TrafficChange, side: 'before' | 'after', locate: Locate): readonly string[] {
  const { access, route } = change.example[side].origins;
  const routed = change.effects.some((effect) => effect === 'route' || effect === 'shares');
  const judged = change.effects.some((effect) => effect !== 'route' && effect !== 'shares');
  return gathered([...(judged ? access : []), ...(routed ? route : [])], locate);
}

/** One text for each object: `access.yaml:33,41  TrafficTarget default/buyer`; a single field is named. */
function gathered(origins: readonly Origin[], locate: Locate): readonly string[] {
  return [...Map.groupBy(origins, ({ object }) => object)].map(([object, fields]) => {
    const places = fields.flatMap((field) => locate(field) ?? []);
    const files = [...Map.groupBy(places, ({ file }) => file)].map(([file, found]) => {
      const lines = [...new Set(found.map(({ line }) => line))].sort((a, b) => a - b);
      return `${file}:${lines.join(',')}  `;
    });
    const [only] = fields;
    const field = fields.length === 1 && only !== undefined && only.path !== '' ? ` ${only.path}` : '';
    return `${files.join('')}${describeObject(object)}${field}`;
  });
}

/** The place of an object, as `FILE:LINE`, if it is known. */
export function placeOf([origin]: readonly Origin[], locate: Locate): string | undefined {
  const found = origin === undefined ? undefined : locate({ object: origin.object, path: '' });
  return found === undefined ? undefined : `${found.file}:${found.line}`;
}

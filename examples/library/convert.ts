// A TrafficSplit of the newest version for a client that knows v1alpha2 only, and back again.
import { convert } from 'smi-mesh';

const split = {
  apiVersion: 'split.smi-spec.io/v1alpha4',
  kind: 'TrafficSplit',
  metadata: { name: 'canary' },
  spec: {
    service: 'shop',
    backends: [{ service: 'shop-v2', weight: 1 }],
    matches: [{ kind: 'HTTPRouteGroup', name: 'testers' }],
  },
};

const older = convert(split, 'split.smi-spec.io/v1alpha2');
if (!older.ok) throw new Error(older.error.map(({ message }) => message).join('\n'));
console.log(JSON.stringify(older.value.object, null, 2));
// The version has no `matches`, and without them the split would take every request: there, all stays with the root.
for (const { fields, effect } of older.value.kept)
  console.log(`kept in an annotation: ${fields.join(', ')} (${effect})`);

const back = convert(older.value.object, split.apiVersion);
console.log(
  back.ok && JSON.stringify(back.value.object) === JSON.stringify(split) ? 'the same again' : 'something is lost',
);

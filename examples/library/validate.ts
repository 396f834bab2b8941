// What is wrong with a manifest, as `smi-cli validate` would show it.
import { parse, renderFinding, validate } from 'smi-mesh';

const sources = parse(
  `apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata:
  name: shop
spec:
  service: shop
  backends:
    - service: shop-v1
      wieght: 90
    - service: shop-v2
      weight: -10
`,
  'split.yaml',
);

const { findings } = validate(sources, { ignore: ['SMI3001'] });
for (const finding of findings) console.log(`${renderFinding(finding, sources)}\n`);

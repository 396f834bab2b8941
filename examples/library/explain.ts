// Who may do what, decided without a cluster: the answer for programs, then the one for people.
import { fileURLToPath } from 'node:url';
import { compile, decide, explain, explanationText, read, type WorkloadId } from 'smi-mesh';

const sources = read([fileURLToPath(new URL('../bookstore', import.meta.url))]);
const { model } = compile(sources);

const decision = decide(model, {
  kind: 'http',
  from: 'default/bookbuyer-0' as WorkloadId,
  to: { host: 'bookstore', port: 14001 },
  method: 'GET',
  path: '/books',
  headers: {},
});
for (const { service, weight, total, verdict } of decision.targets)
  console.log(`${service} ${weight}/${total} ${verdict}`);

const explained = explain(model, { from: 'bookthief', to: 'bookstore:14001', path: '/books' });
if (!explained.ok) throw new Error(explained.error);
console.log(explanationText(explained.value, sources).join('\n'));

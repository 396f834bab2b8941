// The SMI conformance suite from a project's own program: a target is where a mesh is asked; this one only knows what
// resources mean, and has no UDP.
import {
  buildReport,
  loadCases,
  loadGaps,
  renderText,
  runConformance,
  simulatedTarget,
  type Target,
} from 'smi-mesh/conformance';

const target: Target = {
  ...simulatedTarget(),
  name: 'my-mesh',
  implementation: { organization: 'example', project: 'my-mesh', version: '0.1.0' },
  unable: ({ api }) => (api === 'UDPRoute' ? 'UDP is not carried' : undefined),
};

const suite = loadCases();
if (!suite.ok) throw new Error(suite.error.join('\n'));
const cases = suite.value.filter(({ level, api }) => level === 'core' && api !== 'legacy');
const results = await runConformance({ cases, target });
const report = buildReport(results, target, { date: new Date(), gaps: loadGaps() });
console.log(
  renderText(report)
    .slice(0, 1 + report.apis.length)
    .join('\n'),
);
process.exitCode = report.result === 'failure' ? 1 : 0;

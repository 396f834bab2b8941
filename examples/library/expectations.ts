// `smi-cli test` as a function: expectations that stand among the manifests, and what they leave untried.
import { fileURLToPath } from 'node:url';
import { compile, read, runExpectations } from 'smi-mesh';

const sources = read([fileURLToPath(new URL('../bookstore', import.meta.url))]);
const { model, expectations } = compile(sources);

const { results, coverage } = runExpectations(model, expectations);
for (const { expectation, problems } of results) {
  const { file, line } = sources.locate(expectation.origin) ?? { file: 'nowhere', line: 0 };
  const place = `${file.split('/').at(-1)}:${line}`;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${place} ${expectation.name}`, ...problems);
}
console.log(`${coverage.percent} % of ${coverage.total} rules are exercised`);

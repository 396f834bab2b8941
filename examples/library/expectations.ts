// `smi-cli test` as a function: expectations that stand among the manifests, and what they leave untried.
import { fileURLToPath } from 'node:url';
import { compile, decodeExpectations, read, runExpectations } from 'smi-mesh';

const sources = read([fileURLToPath(new URL('../bookstore', import.meta.url))]);
const { expectations, diagnostics } = decodeExpectations(sources.documents);
if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'));

const { results, coverage } = runExpectations(compile(sources).model, expectations);
for (const { expectation, problems } of results) {
  const { file, line } = sources.locate(expectation.origin) ?? { file: 'nowhere', line: 0 };
  const place = `${file.split('/').at(-1)}:${line}`;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${place} ${expectation.name}`, ...problems);
}
console.log(`${coverage.percent} % of ${coverage.total} rules are exercised`);

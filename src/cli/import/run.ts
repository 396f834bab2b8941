import { dump } from 'js-yaml';
import { assemble } from '../../compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../compile/index.ts';
import { toFindings } from '../../diagnostics/located.ts';
import { readInput } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { report } from '../manifest-files.ts';
import { printJson } from '../output.ts';
import { printYaml } from '../yaml-output.ts';
import { manifestsOf } from './manifests.ts';

export interface ImportOptions extends ClusterChoice {
  readonly from: 'gateway-api';
  readonly output: 'yaml' | 'json' | 'model';
}

/** Prints what routes mean as manifests of SMI, or the model with them; returns the exit code. */
export async function importRoutes(paths: readonly string[], options: ImportOptions): Promise<number> {
  const sources = await readInput(paths, options);
  const { input, diagnostics } = assemble(sources.documents);
  const compiled = createCompiler().compile(input, defaultCompileOptions);
  const { objects, diagnostics: lost } = manifestsOf(compiled.model);
  const said = options.output === 'model' ? [] : lost;
  const all = [...sources.diagnostics, ...diagnostics, ...compiled.diagnostics, ...said];
  const findings = toFindings(all, sources.locate);
  report(findings, sources);
  if (options.output === 'model') printYaml(compiled.model);
  else if (options.output === 'json') printJson({ apiVersion: 'v1', kind: 'List', items: objects });
  else process.stdout.write(objects.map((object) => dump(object, { noRefs: true, lineWidth: 120 })).join('---\n'));
  return findings.some(({ diagnostic }) => diagnostic.severity === 'error') ? exitCodes.findings : exitCodes.fine;
}

import type { MeshInput } from '../compile/input.ts';
import { pathRegexModes } from '../compile/mesh-settings.ts';
import type { CompileOptions } from '../compile/options.ts';
import { serviceNamed } from '../compile/service-name.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { MeshModel } from '../model/types.ts';
import type { SourceDocument } from '../source/types.ts';
import { Comparison } from './cover.ts';
import { oddBackends } from './rules/backends.ts';
import { emptyRules } from './rules/empty-rules.ts';
import { expressionSlips } from './rules/expression-slips.ts';
import { idleTargets } from './rules/idle-targets.ts';
import { pathExpressions } from './rules/path-expressions.ts';
import { oddPolicies } from './rules/policies.ts';
import { redundantMatches } from './rules/redundant-matches.ts';
import { shadowedSplits } from './rules/shadowed-splits.ts';
import { unreadNames } from './rules/stray-names.ts';
import { targetPorts } from './rules/target-ports.ts';
import { unusedRoutes } from './rules/unused-routes.ts';
import { olderVersions } from './rules/versions.ts';
import type { LintSubject } from './subject.ts';

const lints: readonly ((subject: LintSubject, comparison: Comparison) => Iterable<Diagnostic>)[] = [
  olderVersions,
  redundantMatches,
  shadowedSplits,
  idleTargets,
  emptyRules,
  unusedRoutes,
  oddBackends,
  pathExpressions,
  expressionSlips,
  targetPorts,
  oddPolicies,
  unreadNames,
];

/**
 * What is valid and probably not what was meant (codes SMI45xx). Takes no decision on traffic; objects that were refused
 * are not looked at. Comparisons of expressions are bounded, and claim nothing when they would cost too much.
 */
export function lint(
  documents: readonly SourceDocument[],
  input: MeshInput,
  model: MeshModel,
  options: CompileOptions,
): readonly Diagnostic[] {
  const subject: LintSubject = {
    documents,
    input,
    model,
    pathRegexMode: pathRegexModes(input, model.settings),
    serviceNamed: (name, namespace) => serviceNamed(name, namespace, options.clusterDomain),
  };
  const comparison = new Comparison();
  return lints.flatMap((ask) => [...ask(subject, comparison)]);
}

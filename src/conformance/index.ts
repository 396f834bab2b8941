/**
 * The SMI conformance suite, entry point `smi-mesh/conformance`: its cases, the runner, and the report. A project that has a
 * mesh of its own writes a `Target` for it and runs the cases from its own tests. docs/conformance.md shows how.
 */

export type { CallResult } from './application/calls.ts';
export { type Call, makeCalls } from './application/calls.ts';
export type * from './case.ts';
export { apis, meshAnswers } from './case.ts';
export { type Gap, loadCases, loadGaps, suiteFolder } from './load.ts';
export { CaseObjects } from './objects.ts';
export { buildReport } from './report/build.ts';
export { readReport } from './report/read.ts';
export { renderBadge } from './report/render-badge.ts';
export { renderHtml } from './report/render-html.ts';
export { renderJunit } from './report/render-junit.ts';
export { renderMarkdown } from './report/render-markdown.ts';
export { renderText } from './report/render-text.ts';
export type * from './report/types.ts';
export { type CaseResult, type RunOptions, runConformance } from './run.ts';
export { falseAlarm, missed, sampleSize } from './statistics/shares.ts';
export type * from './target.ts';
export { type Decide, simulatedTarget } from './targets/simulated.ts';

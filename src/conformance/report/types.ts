import type { Api, Level } from '../case.ts';
import type { Gap } from '../load.ts';
import type { Implementation } from '../target.ts';

/** What `schemas/conformance/report.json` describes. Its habits are those of the Gateway API's conformance reports. */
export interface ConformanceReport {
  readonly apiVersion: 'conformance.smi-mesh.io/v1alpha1';
  readonly kind: 'ConformanceReport';
  readonly implementation: Implementation;
  /** How the implementation was run: the name of the target. */
  readonly mode: string;
  /** RFC 3339. */
  readonly date: string;
  readonly suite: { readonly version: string; readonly cases: number };
  /** `partial`: nothing failed, and not everything was run. */
  readonly result: Verdict;
  readonly apis: readonly ApiReport[];
  readonly cases: readonly CaseReport[];
  readonly statistics: StatisticsReport;
  /** What the suite itself lacks. */
  readonly gaps: readonly Gap[];
}

export type Verdict = 'success' | 'partial' | 'failure';

export interface ApiReport {
  readonly name: Api;
  /** The words of SMI's own suite: everything, at least half, or less than half of the cases passed. */
  readonly capability: 'full' | 'half' | 'none';
  readonly core: LevelReport;
  readonly extended: LevelReport;
}

export interface LevelReport {
  readonly result: Verdict;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failedCases: readonly string[];
  readonly skippedCases: readonly string[];
}

export interface CaseReport {
  readonly name: string;
  readonly title: string;
  readonly api: Api;
  readonly feature: string;
  readonly level: Level;
  readonly clauses: readonly string[];
  readonly apiVersions: readonly string[];
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly reasons: readonly string[];
  readonly durationMillis: number;
  readonly convergenceMillis: number;
  readonly requests: number;
}

export interface StatisticsReport {
  readonly test: string;
  /** How many questions were judged by their shares. */
  readonly shareTests: number;
  /** The probability that one of them finds a fault where there is none, at most; and that any of them does. */
  readonly falseAlarmPerTest: number;
  readonly falseAlarm: number;
  /** The probability that one of them misses a fault that it is made for, at most. */
  readonly missedPerTest: number;
  readonly requests: number;
}

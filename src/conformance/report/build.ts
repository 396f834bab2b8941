import { packageVersion } from '../../lib/package-version.ts';
import { type Api, apis, type Level } from '../case.ts';
import type { Gap } from '../load.ts';
import type { CaseResult } from '../run.ts';
import { falseAlarm, missed } from '../statistics/shares.ts';
import type { Target } from '../target.ts';
import type { ApiReport, CaseReport, ConformanceReport, LevelReport, StatisticsReport, Verdict } from './types.ts';

/** Six digits after the point: rates of this kind are stated, not computed with. */
const rateDigits = 2;

/** The report of a run. */
export function buildReport(
  results: readonly CaseResult[],
  target: Pick<Target, 'name' | 'implementation'>,
  { date, gaps }: { readonly date: Date; readonly gaps: readonly Gap[] },
): ConformanceReport {
  const cases = results.map(caseReport);
  return {
    apiVersion: 'conformance.smi-mesh.io/v1alpha1',
    kind: 'ConformanceReport',
    implementation: target.implementation,
    mode: target.name,
    date: date.toISOString(),
    suite: { version: packageVersion(), cases: cases.length },
    result: verdictOf(cases),
    apis: apis.flatMap((api) =>
      apiReport(
        api,
        cases.filter((each) => each.api === api),
      ),
    ),
    cases,
    statistics: statisticsOf(results),
    gaps,
  };
}

function caseReport(found: CaseResult): CaseReport {
  const { testCase, result, reasons, millis, convergenceMillis, requests } = found;
  const { name, title, api, feature, level, clauses, apiVersions } = testCase;
  const about = { name, title, api, feature, level, clauses, apiVersions };
  return { ...about, result, reasons, durationMillis: millis, convergenceMillis, requests };
}

function verdictOf(cases: readonly CaseReport[]): Verdict {
  if (cases.some(({ result }) => result === 'failed')) return 'failure';
  return cases.some(({ result }) => result === 'skipped') ? 'partial' : 'success';
}

function apiReport(name: Api, cases: readonly CaseReport[]): readonly ApiReport[] {
  if (cases.length === 0) return [];
  const passed = cases.filter(({ result }) => result === 'passed').length;
  const capability = passed === cases.length ? 'full' : passed >= cases.length / 2 ? 'half' : 'none';
  return [{ name, capability, core: levelReport('core', cases), extended: levelReport('extended', cases) }];
}

function levelReport(level: Level, all: readonly CaseReport[]): LevelReport {
  const cases = all.filter((each) => each.level === level);
  const names = (wanted: CaseReport['result']) =>
    cases.filter(({ result }) => result === wanted).map(({ name }) => name);
  const [failedCases, skippedCases] = [names('failed'), names('skipped')];
  return {
    result: verdictOf(cases),
    passed: names('passed').length,
    failed: failedCases.length,
    skipped: skippedCases.length,
    failedCases,
    skippedCases,
  };
}

function statisticsOf(results: readonly CaseResult[]): StatisticsReport {
  const shareTests = results.reduce((sum, each) => sum + each.shareTests, 0);
  return {
    test: 'exact binomial test of each outcome, two-sided, with Bonferroni correction',
    shareTests,
    falseAlarmPerTest: falseAlarm,
    falseAlarm: Number((shareTests * falseAlarm).toPrecision(rateDigits)),
    missedPerTest: missed,
    requests: results.reduce((sum, { requests }) => sum + requests, 0),
  };
}

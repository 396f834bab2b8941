import { escapeXml } from '../../lib/xml.ts';
import { countsOf } from './render-text.ts';
import type { CaseReport, ConformanceReport } from './types.ts';

/** A page that needs nothing but itself: a matrix of cases by target, for one report or several side by side. */
export function renderHtml(reports: readonly ConformanceReport[]): string {
  const names = [...new Set(reports.flatMap(({ cases }) => cases.map(({ name }) => name)))];
  const first = reports[0];
  const title = `SMI conformance${first === undefined ? '' : `: ${first.implementation.project}`}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
<table>
<caption>By API</caption>
<thead><tr><th scope="col">API</th>${reports.map(columnOf).join('')}</tr></thead>
<tbody>
${apiRows(reports)}
</tbody>
</table>
<table>
<caption>By case</caption>
<thead><tr><th scope="col">case</th><th scope="col">clauses</th><th scope="col">level</th>${reports.map(columnOf).join('')}</tr></thead>
<tbody>
${names.map((name) => caseRow(name, reports)).join('\n')}
</tbody>
</table>
${reports.map(statisticsOf).join('\n')}
${gapsOf(first)}
</body>
</html>
`;
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1a1a1a; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0 }
caption { text-align: left; font-weight: 600; padding: .4rem 0 }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }
td small { color: #555; display: block }
.passed, .full, .success { color: #0a5c2b } .failed, .none, .failure { color: #a30f0f; font-weight: 600 }
.skipped, .half, .partial { color: #6b4e00 }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #16181c } th, td { border-color: #3a3d44 } td small { color: #a8a8a8 }
  .passed, .full, .success { color: #6fd08c } .failed, .none, .failure { color: #ff8f8f } .skipped, .half, .partial { color: #e5c07b }
}`;

function columnOf({ implementation, mode, result }: ConformanceReport): string {
  const name = `${implementation.project} ${implementation.version}`;
  return `<th scope="col">${escapeXml(name)}<br>${escapeXml(mode)} <span class="${result}">${result}</span></th>`;
}

function apiRows(reports: readonly ConformanceReport[]): string {
  const names = [...new Set(reports.flatMap(({ apis }) => apis.map(({ name }) => name)))];
  return names
    .map((name) => {
      const cells = reports.map(({ apis }) => {
        const found = apis.find((api) => api.name === name);
        if (found === undefined) return '<td>-</td>';
        const { capability, core, extended } = found;
        return `<td><span class="${capability}">${capability}</span><small>core ${countsOf(core)}, extended ${countsOf(extended)}</small></td>`;
      });
      return `<tr><th scope="row">${escapeXml(name)}</th>${cells.join('')}</tr>`;
    })
    .join('\n');
}

function caseRow(name: string, reports: readonly ConformanceReport[]): string {
  const found = reports.map(({ cases }) => cases.find((each) => each.name === name));
  const some = found.find((each) => each !== undefined);
  if (some === undefined) return '';
  const heading = `<th scope="row">${escapeXml(name)}<small>${escapeXml(some.title)}</small></th>`;
  const about = `<td>${escapeXml(some.clauses.join(' '))}</td><td>${some.level}</td>`;
  return `<tr>${heading}${about}${found.map(resultCell).join('')}</tr>`;
}

function resultCell(found: CaseReport | undefined): string {
  if (found === undefined) return '<td>-</td>';
  const reasons = found.reasons.map((reason) => `<small>${escapeXml(reason)}</small>`).join('');
  return `<td><span class="${found.result}">${found.result}</span>${reasons}</td>`;
}

function statisticsOf({ mode, date, statistics }: ConformanceReport): string {
  const { test, shareTests, falseAlarm, requests } = statistics;
  return `<p>${escapeXml(mode)}, ${escapeXml(date)}: ${requests} requests; shares by ${escapeXml(test)}, ${shareTests} questions, false alarms with probability ${falseAlarm} at most.</p>`;
}

function gapsOf(report: ConformanceReport | undefined): string {
  if (report === undefined || report.gaps.length === 0) return '';
  const items = report.gaps.map(({ feature, reason }) => `<li>${escapeXml(feature)}: ${escapeXml(reason)}</li>`);
  return `<h2>Not in the suite</h2><ul>${items.join('')}</ul>`;
}

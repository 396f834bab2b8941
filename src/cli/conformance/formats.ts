import { extname } from 'node:path';
import { dump } from 'js-yaml';
import { renderBadge } from '../../conformance/report/render-badge.ts';
import { renderHtml } from '../../conformance/report/render-html.ts';
import { renderJunit } from '../../conformance/report/render-junit.ts';
import { renderMarkdown } from '../../conformance/report/render-markdown.ts';
import { renderText } from '../../conformance/report/render-text.ts';
import type { ConformanceReport } from '../../conformance/report/types.ts';

const renderers = {
  text: (report: ConformanceReport) => `${renderText(report).join('\n')}\n`,
  json: (report: ConformanceReport) => `${JSON.stringify(report, null, 2)}\n`,
  yaml: (report: ConformanceReport) => dump(report, { noRefs: true, lineWidth: 120 }),
  junit: renderJunit,
  markdown: renderMarkdown,
  html: (report: ConformanceReport) => renderHtml([report]),
  badge: renderBadge,
} as const satisfies Readonly<Record<string, (report: ConformanceReport) => string>>;

export type ReportFormat = keyof typeof renderers;

const formatOfSuffix: Readonly<Record<string, ReportFormat>> = {
  '.json': 'json',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.xml': 'junit',
  '.md': 'markdown',
  '.html': 'html',
  '.svg': 'badge',
};

export function render(report: ConformanceReport, format: ReportFormat): string {
  return renderers[format](report);
}

/** The format that a file's name asks for. */
export function formatOf(file: string): ReportFormat | undefined {
  return formatOfSuffix[extname(file)];
}

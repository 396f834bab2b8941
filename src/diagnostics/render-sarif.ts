import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DiagnosticCode } from './catalogue.ts';
import { catalogue } from './catalogue.ts';
import type { Finding } from './located.ts';
import { describeObject, type Location } from './origin.ts';
import type { Severity } from './severity.ts';
import type { SuppressedFinding } from './suppress.ts';

export interface SarifOptions {
  readonly version: string;
  readonly failed: boolean;
  readonly suppressed: readonly SuppressedFinding[];
}

/**
 * Findings as a SARIF 2.1.0 log (OASIS standard, https://docs.oasis-open.org/sarif/sarif/v2.1.0/), for code scanning services.
 * Suppressed findings are part of it, marked as such with their reason.
 */
export function sarifLog(findings: readonly Finding[], { version, failed, suppressed }: SarifOptions): unknown {
  const all = [...findings.map((finding): SuppressedFinding => ({ finding })), ...suppressed];
  const codes = [...new Set(all.map(({ finding }) => finding.diagnostic.code))].sort();
  const indexes = new Map(codes.map((code, index) => [code, index]));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'smi-mesh', semanticVersion: version, rules: codes.map(rule) } },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: true, exitCode: failed ? 1 : 0 }],
        results: all.map((entry) => result(entry, indexes)),
      },
    ],
  };
}

const levels: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'note' };

function rule(code: DiagnosticCode): unknown {
  const { severity, title, explanation, hint } = catalogue[code];
  return {
    id: code,
    name: title.replace(/[^A-Za-z0-9]+(.)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? ''),
    shortDescription: { text: title },
    fullDescription: { text: explanation },
    help: { text: hint },
    defaultConfiguration: { level: levels[severity] },
  };
}

function result({ finding, reason }: SuppressedFinding, indexes: ReadonlyMap<DiagnosticCode, number>): unknown {
  const { diagnostic, location, related } = finding;
  const { code, severity, message, hint, origin } = diagnostic;
  const places = related.flatMap((place) => (place.location === undefined ? [] : [{ ...place, at: place.location }]));
  const logical = origin && [
    { fullyQualifiedName: `${describeObject(origin.object)}${origin.path && `, ${origin.path}`}` },
  ];
  const physical = location && { physicalLocation: physicalLocation(location) };
  return {
    ruleId: code,
    ruleIndex: indexes.get(code),
    level: levels[severity],
    message: { text: `${message}\nNext step: ${hint}` },
    ...(physical || logical ? { locations: [{ ...physical, ...(logical && { logicalLocations: logical }) }] } : {}),
    ...(places.length > 0
      ? {
          relatedLocations: places.map(({ what, at }) => ({
            message: { text: what },
            physicalLocation: physicalLocation(at),
          })),
        }
      : {}),
    ...(reason === undefined ? {} : { suppressions: [{ kind: 'inSource', justification: reason }] }),
  };
}

function physicalLocation({ file, line, column, endColumn }: Location): unknown {
  return {
    artifactLocation: { uri: fileUri(file) },
    region: { startLine: line, startColumn: column, ...(endColumn === undefined ? {} : { endColumn }) },
  };
}

/** A relative path stays relative: the service that reads the log knows the root. */
function fileUri(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file
    .replaceAll('\\', '/')
    .replace(/^(\.\/)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
}

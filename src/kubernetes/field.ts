import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { closest } from '../lib/suggest.ts';
import { describeValue, isRecord } from '../lib/values.ts';

/**
 * A value inside an object, with the way to it. Reading it as something that it is not reports a diagnostic and gives
 * nothing (or the empty list, or the empty mapping), so that a decoder is written without a branch for every mistake.
 * `null` counts as absent, as in Kubernetes.
 */
export interface Field {
  readonly present: boolean;
  readonly at: (segment: PathSegment) => Field;
  readonly text: () => string | undefined;
  /** A whole number from `minimum` to `maximum`. */
  readonly integer: (minimum: number, maximum: number) => number | undefined;
  /** A port number, or the name of a port. */
  readonly portOrName: () => number | string | undefined;
  readonly oneOf: <T extends string>(allowed: readonly T[]) => T | undefined;
  /** True or false. */
  readonly flag: () => boolean | undefined;
  readonly items: () => readonly Field[];
  readonly texts: () => readonly string[];
  readonly textMap: () => Readonly<Record<string, string>>;
  /** Reports that the field must be there. */
  readonly missing: () => void;
  /** Reports SMI2006: a text that is no name of the right sort. */
  readonly badName: (rule: string) => void;
}

export const portNumbers = [1, 65535] as const;

/** The root of an object; what is wrong with its fields is added to `diagnostics`. */
export function fieldOf(object: ObjectKey, value: unknown, diagnostics: Diagnostic[]): Field {
  return makeField({ object, diagnostics }, value ?? undefined, []);
}

interface Report {
  readonly object: ObjectKey;
  readonly diagnostics: Diagnostic[];
}

function makeField(report: Report, value: unknown, path: readonly PathSegment[]): Field {
  const name = formatFieldPath(path);
  const origin = { object: report.object, path: name };
  const wrongType = (wanted: string, hint?: string): undefined => {
    const message = `${name} must be ${wanted}, not ${describeValue(value)}`;
    report.diagnostics.push(diagnostic('SMI2003', { message, origin, ...(hint === undefined ? {} : { hint }) }));
  };
  const asText = (): string | undefined => {
    if (value === undefined || typeof value === 'string') return value;
    return wrongType('a text', typeof value === 'object' ? undefined : `Put it in quotes: "${String(value)}".`);
  };
  const asInteger = (minimum: number, maximum: number): number | undefined => {
    if (value === undefined) return undefined;
    if (typeof value !== 'number') {
      return wrongType(
        'a whole number',
        /^\d+$/.test(String(value)) ? `Remove the quotes: ${String(value)}.` : undefined,
      );
    }
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    const message = `${name} is ${value}, not a whole number from ${minimum} to ${maximum}`;
    report.diagnostics.push(diagnostic('SMI2004', { message, origin }));
    return undefined;
  };
  const asItems = (): readonly Field[] => {
    if (Array.isArray(value)) return value.map((item, index) => makeField(report, item ?? undefined, [...path, index]));
    if (value !== undefined) wrongType('a list', 'Write a list: put `- ` in front of each element.');
    return [];
  };
  const asRecord = (): Readonly<Record<string, unknown>> => {
    if (isRecord(value)) return value;
    if (value !== undefined) wrongType('a mapping');
    return {};
  };
  return {
    present: value !== undefined,
    at(segment) {
      const inner = asRecord();
      const key = String(segment);
      return makeField(report, Object.hasOwn(inner, key) ? (inner[key] ?? undefined) : undefined, [...path, segment]);
    },
    text: asText,
    integer: asInteger,
    portOrName: () => (typeof value === 'string' && !/^\d+$/.test(value) ? value : asInteger(...portNumbers)),
    oneOf(allowed) {
      const text = asText();
      const found = allowed.find((candidate) => candidate === text);
      if (text === undefined || found !== undefined) return found;
      const near = closest(text, allowed);
      const hint = near === undefined ? `Use one of ${allowed.join(', ')}.` : `Did you mean ${near}?`;
      const message = `${name} is ${describeValue(text)}, which is not one of ${allowed.join(', ')}`;
      report.diagnostics.push(diagnostic('SMI2005', { message, origin, hint }));
      return undefined;
    },
    flag: () => (value === undefined || typeof value === 'boolean' ? value : wrongType('true or false')),
    items: asItems,
    texts: () => asItems().flatMap((item) => item.text() ?? []),
    textMap: () =>
      Object.fromEntries(
        Object.entries(asRecord()).flatMap(([key, inner]) => {
          const text = makeField(report, inner ?? undefined, [...path, key]).text();
          return text === undefined ? [] : [[key, text]];
        }),
      ),
    missing() {
      report.diagnostics.push(diagnostic('SMI2002', { message: `${name} is missing`, origin, hint: `Add ${name}.` }));
    },
    badName(rule) {
      const message = `${name} is ${describeValue(value)}, which is not a Kubernetes name`;
      report.diagnostics.push(diagnostic('SMI2006', { message, origin, hint: `Use ${rule}.` }));
    },
  };
}

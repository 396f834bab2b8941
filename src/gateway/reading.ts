import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { type Diagnostic, type DiagnosticDetails, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import type { Field } from '../kubernetes/field.ts';
import { parseDuration } from '../lib/duration.ts';
import { closest } from '../lib/suggest.ts';

type More = Pick<DiagnosticDetails, 'hint' | 'severity'>;

/** What is found while one object is read. */
export class Reading {
  readonly key: ObjectKey;
  /** What refuses the object: it is none of its kind. */
  readonly faults: Diagnostic[] = [];
  /** What it asks for and a mesh model cannot say. */
  readonly findings: Diagnostic[] = [];

  constructor(key: ObjectKey) {
    this.key = key;
  }

  report(code: DiagnosticCode, field: Pick<Field, 'path'>, message: string, more: More = {}): void {
    this.findings.push(diagnostic(code, { message, origin: { object: this.key, path: field.path }, ...more }));
  }

  /** Reports the first name in a mapping that the API does not have; whether there is one. */
  hasUnknown(code: DiagnosticCode, field: Field, known: readonly string[], effect: string): boolean {
    const unknown = field.keys().find((name) => !known.includes(name));
    if (unknown === undefined) return false;
    const near = closest(unknown, known);
    const { path } = field.at(unknown);
    const origin = { object: this.key, path, mark: 'key' } as const;
    const hint = near === undefined ? {} : { hint: `Did you mean \`${near}\`?` };
    this.findings.push(diagnostic(code, { message: `${path} is not a field of the API: ${effect}`, origin, ...hint }));
    return true;
  }

  /** Milliseconds; a text that is no duration refuses the object. */
  duration(field: Field, [shortest, longest]: readonly [number, number]): number | undefined {
    const text = field.text();
    const time = text === undefined ? undefined : parseDuration(text);
    if (text !== undefined && time === undefined) {
      const message = `${field.path} is "${text}", which is not a duration`;
      const origin = { object: this.key, path: field.path };
      this.faults.push(diagnostic('SMI2012', { message, origin, hint: 'Write it like 30s or 1m30s.' }));
    }
    if (time === undefined || (time >= shortest && time <= longest)) return time;
    const used = Math.min(Math.max(time, shortest), longest);
    this.report('SMI4704', field, `${field.path} is ${text}, of which ${used}ms are kept`);
    return used;
  }
}

import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { closest } from '../lib/suggest.ts';
import { describeValue, type Fields, isRecord } from '../lib/values.ts';

/**
 * A value inside an object, with the way to it. Reading it as something that it is not reports a diagnostic and gives
 * nothing (or the empty list, or the empty mapping), so that a decoder is written without a branch for every mistake.
 * `null` counts as absent, as in Kubernetes.
 */
export interface Field {
  readonly present: boolean;
  /** The way to it: `spec.rules[0].matches`. */
  readonly path: string;
  /** The names of what a mapping has, those without a value too. */
  readonly keys: () => readonly string[];
  readonly at: (segment: PathSegment) => Field;
  readonly text: () => string | undefined;
  /** A whole number from `minimum` to `maximum`. */
  readonly integer: (minimum: number, maximum: number) => number | undefined;
  /** Any number from `minimum` to `maximum`. */
  readonly number: (minimum: number, maximum: number) => number | undefined;
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
  return new ObjectField({ object, diagnostics }, value ?? undefined);
}

interface Report {
  readonly object: ObjectKey;
  readonly diagnostics: Diagnostic[];
}

const nothing: readonly never[] = [];

/** Knows the field around it instead of its path: a path is asked for only when something is wrong. */
class ObjectField implements Field {
  readonly #report: Report;
  readonly #value: unknown;
  readonly #around: ObjectField | undefined;
  readonly #segment: PathSegment;

  constructor(report: Report, value: unknown, around?: ObjectField, segment: PathSegment = '') {
    this.#report = report;
    this.#value = value;
    this.#around = around;
    this.#segment = segment;
  }

  get present(): boolean {
    return this.#value !== undefined;
  }

  get path(): string {
    return this.#name();
  }

  keys(): readonly string[] {
    return Object.keys(this.#record() ?? {});
  }

  at(segment: PathSegment): Field {
    const inner = this.#record();
    const key = String(segment);
    const value = inner !== undefined && Object.hasOwn(inner, key) ? (inner[key] ?? undefined) : undefined;
    return new ObjectField(this.#report, value, this, segment);
  }

  text(): string | undefined {
    const value = this.#value;
    if (value === undefined || typeof value === 'string') return value;
    return this.#wrongType('a text', typeof value === 'object' ? undefined : `Put it in quotes: "${String(value)}".`);
  }

  integer(minimum: number, maximum: number): number | undefined {
    const value = this.#value;
    if (value === undefined) return undefined;
    if (typeof value !== 'number') {
      const hint = /^\d+$/.test(String(value)) ? `Remove the quotes: ${String(value)}.` : undefined;
      return this.#wrongType('a whole number', hint);
    }
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    const message = `${this.#name()} is ${value}, not a whole number from ${minimum} to ${maximum}`;
    return this.#fault('SMI2004', message);
  }

  number(minimum: number, maximum: number): number | undefined {
    const value = this.#value;
    if (value === undefined) return undefined;
    if (typeof value !== 'number') return this.#wrongType('a number');
    if (value >= minimum && value <= maximum) return value;
    return this.#fault('SMI2004', `${this.#name()} is ${value}, not a number from ${minimum} to ${maximum}`);
  }

  portOrName(): number | string | undefined {
    const value = this.#value;
    return typeof value === 'string' && !/^\d+$/.test(value) ? value : this.integer(...portNumbers);
  }

  oneOf<T extends string>(allowed: readonly T[]): T | undefined {
    const text = this.text();
    const found = allowed.find((candidate) => candidate === text);
    if (text === undefined || found !== undefined) return found;
    const near = closest(text, allowed);
    const hint = near === undefined ? `Use one of ${allowed.join(', ')}.` : `Did you mean ${near}?`;
    const message = `${this.#name()} is ${describeValue(text)}, which is not one of ${allowed.join(', ')}`;
    return this.#fault('SMI2005', message, hint);
  }

  flag(): boolean | undefined {
    const value = this.#value;
    return value === undefined || typeof value === 'boolean' ? value : this.#wrongType('true or false');
  }

  items(): readonly Field[] {
    const value = this.#value;
    if (Array.isArray(value)) {
      return value.map((item, index) => new ObjectField(this.#report, item ?? undefined, this, index));
    }
    if (value !== undefined) this.#wrongType('a list', 'Write a list: put `- ` in front of each element.');
    return nothing;
  }

  texts(): readonly string[] {
    return this.items().flatMap((item) => item.text() ?? []);
  }

  textMap(): Readonly<Record<string, string>> {
    const inner = this.#record();
    if (inner === undefined) return {};
    return Object.fromEntries(
      Object.entries(inner).flatMap(([key, value]) => {
        const text = typeof value === 'string' ? value : this.at(key).text();
        return text === undefined ? [] : [[key, text]];
      }),
    );
  }

  missing(): void {
    const name = this.#name();
    this.#fault('SMI2002', `${name} is missing`, `Add ${name}.`);
  }

  badName(rule: string): void {
    const message = `${this.#name()} is ${describeValue(this.#value)}, which is not a Kubernetes name`;
    this.#fault('SMI2006', message, `Use ${rule}.`);
  }

  #record(): Fields | undefined {
    const value = this.#value;
    if (value === undefined || isRecord(value)) return value;
    return this.#wrongType('a mapping');
  }

  #wrongType(wanted: string, hint?: string): undefined {
    return this.#fault('SMI2003', `${this.#name()} must be ${wanted}, not ${describeValue(this.#value)}`, hint);
  }

  #fault(code: FieldCode, message: string, hint?: string): undefined {
    const origin = { object: this.#report.object, path: this.#name() };
    this.#report.diagnostics.push(diagnostic(code, { message, origin, ...(hint === undefined ? {} : { hint }) }));
  }

  #name(): string {
    return formatFieldPath(this.#path());
  }

  #path(): readonly PathSegment[] {
    return this.#around === undefined ? [] : [...this.#around.#path(), this.#segment];
  }
}

type FieldCode = 'SMI2002' | 'SMI2003' | 'SMI2004' | 'SMI2005' | 'SMI2006';

import { Ajv, type ErrorObject } from 'ajv';
import { closest } from '../lib/suggest.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { merged } from './functions.ts';

/** The chart's values with others over them, field by field, in order; `null` takes a field away, as in Helm. */
export function overlaid(defaults: Fields, ...others: readonly Fields[]): Fields {
  return withoutNulls(others.reduce<unknown>(merged, defaults)) as Fields;
}

function withoutNulls(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([name, one]) => [name, withoutNulls(one)]));
}

/** What is wrong with values by the chart's schema, one sentence each that begins with the field. */
export function valueFaults(schema: Fields, values: Fields): readonly string[] {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
  const validate = ajv.compile(schema);
  return validate(values) ? [] : (validate.errors ?? []).map(sentence);
}

function sentence({ instancePath, keyword, message, params, parentSchema }: ErrorObject): string {
  const place = instancePath.slice(1).replaceAll('/', '.') || 'values';
  if (keyword === 'additionalProperties') {
    const name = String(params.additionalProperty);
    const near = closest(name, Object.keys(isRecord(parentSchema?.properties) ? parentSchema.properties : {}));
    return `${place}: there is no "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
  }
  if (keyword === 'enum') return `${place}: ${message}: ${params.allowedValues.join(', ')}`;
  return `${place}: ${message}`;
}

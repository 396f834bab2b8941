import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageRoot } from '../lib/package-root.ts';

export type SchemaFault = ErrorObject;

const ajv = new Ajv2020({
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  strict: true,
  strictTypes: false,
  // For the sake of those who check one file: the schemas are our own and tests check them against the schema of schemas,
  // and tidying generated code costs more than it brings.
  meta: false,
  validateSchema: false,
  code: { optimize: false },
});
const compiled = new Map<string, ValidateFunction>();

/**
 * Everything in which an object departs from the JSON Schema of its version, which is one of those that are served. `folder`
 * is the one of schemas/ that has the group.
 */
export function schemaFaults(
  group: string,
  version: string,
  kind: string,
  object: unknown,
  folder = 'smi',
): readonly SchemaFault[] {
  const file = join('schemas', folder, group, version, `${kind}.json`);
  let validate = compiled.get(file);
  if (validate === undefined) {
    validate = ajv.compile(JSON.parse(readFileSync(join(packageRoot(), file), 'utf8')));
    compiled.set(file, validate);
  }
  return validate(object) ? [] : (validate.errors ?? []);
}

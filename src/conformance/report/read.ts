import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { load as parseYaml } from 'js-yaml';
import { packageRoot } from '../../lib/package-root.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { ConformanceReport } from './types.ts';

/** Reads a report from JSON or YAML text; the error says what is wrong with it. */
export function readReport(text: string): Result<ConformanceReport, string> {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
  const valid = schema();
  if (valid(value)) return ok(value as ConformanceReport);
  return err((valid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join('; '));
}

let compiled: ValidateFunction | undefined;

function schema(): ValidateFunction {
  const file = join(packageRoot(), 'schemas', 'conformance', 'report.json');
  compiled ??= new Ajv2020({ allErrors: true, strict: true, strictTypes: false }).compile(
    JSON.parse(readFileSync(file, 'utf8')),
  );
  return compiled;
}

import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { decodeControllerConfig } from '../../config/controller/decode.ts';
import type { ControllerConfig } from '../../config/controller/types.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { err, type Result } from '../../lib/result.ts';

/** The settings of a file; those of an empty one without it. */
export function readSettings(file: string | undefined): Result<ControllerConfig, readonly Diagnostic[]> {
  if (file === undefined) return decodeControllerConfig({});
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return err([diagnostic('SMI1001', { message: `the settings cannot be read: ${messageOf(error)}` })]);
  }
  try {
    return decodeControllerConfig(load(text));
  } catch (error) {
    return err([diagnostic('SMI1002', { message: `the settings in ${file} are no YAML: ${messageOf(error)}` })]);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

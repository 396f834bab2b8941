import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import {
  type Artifact,
  contractVersion,
  type DocumentKind,
  type Loss,
  type Simulated,
  type Support,
} from '../adapter/contract.ts';
import { atOrigins, type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { packageRoot } from '../lib/package-root.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';
import { failure } from './failure.ts';

/** What a program answers to each operation, as schemas/adapter/answer.json has proved. */
export interface Answers {
  readonly describe: {
    readonly contract: number;
    readonly id: string;
    readonly support: Readonly<Record<string, Support>>;
    readonly simulates?: boolean;
    readonly kinds?: readonly DocumentKind[];
  };
  readonly emit: { readonly artifacts: readonly Artifact[]; readonly losses?: readonly Loss[] };
  /** To one request. */
  readonly simulate: Simulated;
}

interface ProgramError {
  readonly message: string;
  readonly hint?: string;
  readonly origins?: readonly Origin[];
}

/** The errors that a program reports are findings: wrong options where it was asked about those, else a refusal. */
export function readAnswer<O extends keyof Answers>(
  program: string,
  operation: O,
  text: string,
): Result<Answers[O], readonly Diagnostic[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const seen = text.trim() === '' ? 'nothing' : `${JSON.stringify(text.slice(0, 60))} (${(error as Error).message})`;
    return err([failure(program, `${operation}: the answer is not JSON: ${seen}`)]);
  }
  if (operation === 'describe' && isRecord(value) && value.contract !== contractVersion && value.errors === undefined) {
    const said = value.contract === undefined ? 'none' : JSON.stringify(value.contract);
    return err([failure(program, `it speaks version ${said} of the contract and this program ${contractVersion}`)]);
  }
  const kind = isRecord(value) && Object.hasOwn(value, 'errors') ? 'errors' : operation;
  const validate = validators()[kind];
  if (validate(value) !== true) {
    const [fault] = validate.errors ?? [];
    const place = fault?.instancePath === undefined || fault.instancePath === '' ? 'the answer' : fault.instancePath;
    return err([failure(program, `${operation}: ${place} ${fault?.message ?? 'is wrong'}`)]);
  }
  if (kind !== 'errors') return ok(value as Answers[O]);
  const { errors } = value as { readonly errors: readonly ProgramError[] };
  return err(errors.map((error) => programError(operation, error)));
}

function programError(operation: keyof Answers, { message, hint, origins = [] }: ProgramError): Diagnostic {
  return diagnostic(operation === 'describe' ? 'SMI5003' : 'SMI5004', {
    message,
    ...(hint === undefined ? {} : { hint }),
    ...atOrigins(origins),
  });
}

type Validators = Readonly<Record<keyof Answers | 'errors', ValidateFunction>>;
let compiled: Validators | undefined;

function validators(): Validators {
  if (compiled === undefined) {
    const schema = JSON.parse(readFileSync(join(packageRoot(), 'schemas/adapter/answer.json'), 'utf8'));
    const ajv = new Ajv({ strict: true, allowUnionTypes: true }).addSchema(schema, 'answer');
    const of = (name: string): ValidateFunction => ajv.compile({ $ref: `answer#/definitions/${name}` });
    compiled = { describe: of('describe'), emit: of('emit'), simulate: of('simulate'), errors: of('errors') };
  }
  return compiled;
}

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { contractVersion, type Translator } from '../adapter/contract.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';
import { failure } from './failure.ts';
import { defaultProgramLimits, type ProgramLimits } from './program.ts';
import { programAdapter } from './program-adapter.ts';

const programPrefix = 'exec:';

/** Whether a name can only mean an adapter of somebody else: a program, or a file. */
export function isForeign(name: string): boolean {
  return name.startsWith(programPrefix) || /^\.{0,2}\//.test(name) || /\.[cm]?[jt]s$/.test(name);
}

/**
 * An adapter of somebody else: `exec:PROGRAM`, the path of a module, or the name of a package that is installed where the
 * command runs. A module's default export, or its export `adapter`, is the adapter; without these the only export that looks
 * like one. Whatever is wrong with it is a finding.
 */
export async function loadAdapter(
  name: string,
  {
    folder = process.cwd(),
    limits = defaultProgramLimits,
  }: { readonly folder?: string; readonly limits?: ProgramLimits } = {},
): Promise<Result<Translator, readonly Diagnostic[]>> {
  if (name.startsWith(programPrefix)) {
    const program = name.slice(programPrefix.length);
    return programAdapter(program.includes('/') ? resolve(folder, program) : program, limits) as Result<
      Translator,
      readonly Diagnostic[]
    >;
  }
  const file = isForeign(name) ? ok(resolve(folder, name)) : packageFile(name, folder);
  if (!file.ok) return err([failure(name, ...file.error)]);
  if (!existsSync(file.value)) return err([failure(name, `there is no file ${file.value}`, programHint(name))]);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file.value).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    return err([failure(name, `the module cannot be loaded: ${(error as Error).message}`, programHint(name))]);
  }
  const adapter = module.default ?? module.adapter ?? onlyAdapter(Object.values(module));
  const fault = adapterFault(adapter);
  return fault === undefined ? ok(adapter as Translator) : err([failure(name, ...fault)]);
}

/** Whether a name means a file or a package that is there where the command runs, in whatever state it is. */
export function isThere(name: string, folder = process.cwd()): boolean {
  const found = packageFile(name, folder);
  return found.ok || found.error[0] !== noPackage || existsSync(resolve(folder, name));
}

const noPackage = 'there is no such module or package';

function packageFile(name: string, folder: string): Result<string, readonly [what: string, hint?: string | undefined]> {
  try {
    return ok(createRequire(join(folder, 'package.json')).resolve(name));
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    // With a path the package is there, and what it names as its entry is not.
    if (code !== 'MODULE_NOT_FOUND' || path !== undefined) {
      return err([`the package cannot be loaded: ${message}`, 'Mend "main" or "exports" in its package.json.']);
    }
    const hint = `Write the path of a module (./${name}.mjs), exec:PROGRAM, or install the package where the command runs.`;
    return err([noPackage, isProgram(name) ? programHint(name) : hint]);
  }
}

function isProgram(name: string): boolean {
  return /\.\w+$/.test(name) && !/\.[cm]?[jt]s$/.test(name);
}

/** Of a file that is no module: how it is run. */
function programHint(name: string): string | undefined {
  return isProgram(name) ? `A program is run with exec:${name.includes('/') ? name : `./${name}`}.` : undefined;
}

function onlyAdapter(exported: readonly unknown[]): unknown {
  const adapters = exported.filter((one) => isRecord(one) && Object.hasOwn(one, 'contract'));
  return adapters.length === 1 ? adapters[0] : undefined;
}

/** What is wrong, and what to do about it. */
function adapterFault(adapter: unknown): readonly [string, string?] | undefined {
  if (!isRecord(adapter)) return ['it exports no adapter', 'Export it as default.'];
  const { contract, id } = adapter;
  if (contract !== contractVersion) {
    const said = contract === undefined ? 'none' : JSON.stringify(contract);
    return [
      `it speaks version ${said} of the contract and this program ${contractVersion}`,
      `Use releases of both that fit, or write contract: ${contractVersion} once it does what that asks.`,
    ];
  }
  if (typeof id !== 'string' || id === '') return ['it has no id'];
  if (!isRecord(adapter.support)) return ['it has no support table'];
  const missing = ['parseOptions', 'units', 'emitUnit'].filter((part) => typeof adapter[part] !== 'function');
  return missing.length === 0 ? undefined : [`it lacks ${missing.join(', ')}`];
}

// Loaded before anything else (`--import`): the emitter of the adapter that the worker is told of comes with its faults in it.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { instrumented } from '../../mutants/instrument.ts';
import '../../mutants/switch.ts';
import { emitterMutants } from './all.ts';

const byUrl = Map.groupBy(emitterMutants(process.argv[2] ?? ''), ({ file }) => pathToFileURL(resolve(file)).href);

registerHooks({
  load(url, context, nextLoad) {
    const mutants = byUrl.get(url);
    if (mutants === undefined) return nextLoad(url, context);
    const text = readFileSync(new URL(url), 'utf8');
    return { format: 'module', source: stripTypeScriptTypes(instrumented(text, mutants)), shortCircuit: true };
  },
});

// Loaded before anything else (`--import`): sources of the groups come with their faults in them.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { allMutants } from './groups.ts';
import { instrumented } from './instrument.ts';
import './switch.ts';

const byUrl = Map.groupBy(allMutants(), ({ file }) => pathToFileURL(resolve(file)).href);

registerHooks({
  load(url, context, nextLoad) {
    const mutants = byUrl.get(url);
    if (mutants === undefined) return nextLoad(url, context);
    const text = readFileSync(new URL(url), 'utf8');
    return { format: 'module', source: stripTypeScriptTypes(instrumented(text, mutants)), shortCircuit: true };
  },
});

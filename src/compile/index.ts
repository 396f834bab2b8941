import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { compareText, sortedRecord } from '../lib/collections.ts';
import type { MeshModel, TelemetryModel } from '../model/types.ts';
import type { MeshInput } from './input.ts';
import { meshSettings, pathRegexModes } from './mesh-settings.ts';
import type { CompileOptions } from './options.ts';
import { bindIdentities } from './passes/bind-identities.ts';
import { grantAccess } from './passes/grant-access.ts';
import { guardServers } from './passes/guard-servers.ts';
import { indexObjects } from './passes/index-objects.ts';
import { linkServices } from './passes/link-services.ts';
import { linkWorkloads } from './passes/link-workloads.ts';
import { rankSplits } from './passes/rank-splits.ts';
import { resolveMatches } from './passes/resolve-matches.ts';
import { routeOutbound } from './passes/route-outbound.ts';
import { selectDestinations } from './passes/select-destinations.ts';
import { steerClients } from './passes/steer-clients.ts';
import { targetPolicies } from './passes/target-policies.ts';
import { reuseRecord, reuseValue } from './reuse.ts';
import type { CompileState, Pass, PassContext } from './state.ts';
import { emptyState } from './state.ts';
import { telemetryOf } from './telemetry.ts';

export type { MeshInput } from './input.ts';
export { type CompileOptions, defaultCompileOptions } from './options.ts';

/** In order: each reads what earlier ones found. */
const passes: readonly Pass[] = [
  indexObjects,
  linkServices,
  linkWorkloads,
  bindIdentities,
  selectDestinations,
  resolveMatches,
  targetPolicies,
  grantAccess,
  guardServers,
  rankSplits,
  routeOutbound,
  steerClients,
];

export interface Compilation {
  readonly model: MeshModel;
  /** In the order of the objects at fault, then of their fields. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface Compiler {
  /**
   * The mesh that the input means. The same input in any order gives an equal result; nodes (services, workloads,
   * policies) that did not change since the last call keep their object identity.
   */
  compile(input: MeshInput, options: CompileOptions): Compilation;
}

export function createCompiler(): Compiler {
  let previous: MeshModel | undefined;
  return {
    compile(input, given) {
      const found: Diagnostic[] = [];
      const options = { ...given, settings: meshSettings(input, given.settings) };
      const report = (finding: Diagnostic) => void found.push(finding);
      const context: PassContext = { input, options, report, pathRegexMode: pathRegexModes(input, options.settings) };
      let state = emptyState;
      for (const pass of passes) state = { ...state, ...pass.run(state, context) };
      const model = assemble(state, telemetryOf(state, context), options, previous);
      previous = model;
      return { model, diagnostics: found.sort(byPlace) };
    },
  };
}

function assemble(
  state: CompileState,
  telemetry: TelemetryModel,
  options: CompileOptions,
  previous: MeshModel | undefined,
): MeshModel {
  const model: MeshModel = {
    modelVersion: 1,
    trustDomain: options.trustDomain,
    settings: reuseValue(previous?.settings, options.settings),
    services: reuseRecord(previous?.services, sortedRecord(state.services)),
    workloads: reuseRecord(previous?.workloads, sortedRecord(state.workloads)),
    outbound: reuseRecord(previous?.outbound, sortedRecord(state.outbound)),
    inbound: reuseRecord(previous?.inbound, sortedRecord(state.inbound)),
    telemetry: reuseValue(previous?.telemetry, telemetry),
  };
  const keys = Object.keys(model) as (keyof MeshModel)[];
  return previous !== undefined && keys.every((key) => previous[key] === model[key]) ? previous : model;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.origin?.object ?? '', b.origin?.object ?? '') ||
    compareText(a.origin?.path ?? '', b.origin?.path ?? '') ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

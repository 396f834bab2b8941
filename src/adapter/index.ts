/** What an adapter needs: the contract, the feature list and the model that it emits from. Entry point `smi-mesh/adapter`. */

export type { Diagnostic } from '../diagnostics/diagnostic.ts';
export type { Origin } from '../diagnostics/origin.ts';
export type { NonEmpty } from '../lib/collections.ts';
export { err, ok, type Result } from '../lib/result.ts';
export type * from '../model/decision.ts';
export type * from '../model/types.ts';
export type {
  Adapter,
  Artifact,
  DataPlaneAdapter,
  EmitContext,
  Loss,
  Simulated,
  SimulatedTarget,
  Support,
  SupportTable,
  Surroundings,
  Translator,
  UnitId,
} from './contract.ts';
export { type Emission, emitAll } from './emit-all.ts';
export { createEmitter, createViewEmitter, type Emitter, type ViewEmitter } from './emitter.ts';
export { type Feature, features } from './features.ts';
export { losses } from './losses.ts';
export { shared } from './tracking.ts';

/**
 * What an adapter needs: the contract, the feature list, the model that it emits from and what reads it. Entry point
 * `smi-mesh/adapter`. Adapters of data planes find more in `smi-mesh/adapter/data-plane`.
 */

export { atOrigins, type Diagnostic, type DiagnosticDetails, diagnostic } from '../diagnostics/diagnostic.ts';
export { describeObject, type ObjectKey, type Origin, parseObjectKey } from '../diagnostics/origin.ts';
export { compareText, type NonEmpty, nonEmpty, sortedRecord } from '../lib/collections.ts';
export { parseDuration } from '../lib/duration.ts';
export { sha256 } from '../lib/hash.ts';
export { idempotentMethods } from '../lib/http-methods.ts';
export { normalizePath } from '../lib/http-path.ts';
export { outsideHostReader } from '../lib/outside-host.ts';
export { compileRe2, envoyProgramLimit, octets, type Re2 } from '../lib/re2.ts';
export type { Shape } from '../lib/re2-shapes.ts';
export { err, ok, type Result } from '../lib/result.ts';
export { parseSpiffeId, type SpiffeName, spiffeId, trustDomainOf } from '../lib/spiffe.ts';
export { closest } from '../lib/suggest.ts';
export { describeValue, type Fields, isRecord } from '../lib/values.ts';
export { admitted, isShutOut } from '../model/admission.ts';
export { canonicalJson } from '../model/canonical.ts';
export { decide, decideInbound } from '../model/decide.ts';
export type * from '../model/decision.ts';
export { restricts } from '../model/guards.ts';
export {
  answersTo,
  candidates,
  headlessAt,
  interceptedAddress,
  parseAuthority,
  type ServiceAtPort,
} from '../model/hosts.ts';
export { serviceId } from '../model/ids.ts';
export { headerValue, type MatchedRequest, mismatch } from '../model/match.ts';
export { originsWithin, uniqueOrigins } from '../model/origins.ts';
export { ownerOf, ownersByIdentity } from '../model/owners.ts';
export type * from '../model/policy.ts';
export {
  allRequestLayers,
  assembled,
  type FieldInForce,
  fieldsInForce,
  fieldsOf,
  type PolicyField,
  requestLayersOf,
  specField,
} from '../model/policy-fields.ts';
export { findPort, parsePortKey, portKey, type Transport, transportOf } from '../model/ports.ts';
export { traceService } from '../model/trace-service.ts';
export type { Propagation } from '../model/tracing.ts';
export type * from '../model/types.ts';
export {
  type Adapter,
  type Artifact,
  contractVersion,
  type DataPlaneAdapter,
  type DocumentKind,
  type EmitContext,
  type Loss,
  type Simulated,
  type SimulatedTarget,
  type SimulatedTreatment,
  type Support,
  type SupportTable,
  type Surroundings,
  type Translator,
  type UnitId,
} from './contract.ts';
export { type Emission, emitAll } from './emit-all.ts';
export { createEmitter, createViewEmitter, type Emitter, type ViewEmitter } from './emitter.ts';
export { type Feature, features } from './features.ts';
export { featureUses, losses } from './losses.ts';
export { type NoOptions, noOptions } from './no-options.ts';
export { commonPolicy, type MergedPolicy, type PolicyCase, policyCases } from './policy-cases.ts';
export { policyUses } from './policy-uses.ts';
export { shared } from './tracking.ts';

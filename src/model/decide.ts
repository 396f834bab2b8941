import type { AccessVerdict, Decision, InboundRequest, TrafficRequest } from './decision.ts';
import type { MeshModel } from './types.ts';

/** The reference semantics of a client's request. The workload `request.from` must exist in the model. */
export declare function decide(model: MeshModel, request: TrafficRequest): Decision;

/** The reference semantics of a request that arrives at a server's sidecar. */
export declare function decideInbound(model: MeshModel, request: InboundRequest): AccessVerdict;

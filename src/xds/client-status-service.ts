import { type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { peerSpiffeId, type SpiffeId } from '../lib/spiffe.ts';
import { type ClientStatus, clientStatus } from './client-status.ts';
import type { ProxyState, XdsLimits } from './contract.ts';
import { RequestBudget } from './request-budget.ts';
import type { Call } from './stream.ts';

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;

/** Open `StreamClientStatus` streams; people look at states, not fleets. */
const maxStreams = 100;

const codes = { invalid: status.INVALID_ARGUMENT, 'too-much': status.RESOURCE_EXHAUSTED } as const;

/** The methods of `envoy.service.status.v3.ClientStatusDiscoveryService`, for those who may look at all nodes. */
export function clientStatusHandlers(
  mayInspect: (peer: SpiffeId | undefined) => boolean,
  proxies: () => readonly ProxyState[],
  { maxNames, maxRequestsPerSecond }: XdsLimits,
) {
  let open = 0;
  const isAllowed = (call: Call | UnaryCall) =>
    mayInspect(peerSpiffeId(call.getAuthContext().sslPeerCertificate?.subjectaltname));
  const answer = (request: Buffer): ClientStatus => clientStatus(request, proxies(), maxNames);
  return {
    FetchClientStatus(call: UnaryCall, callback: sendUnaryData<Buffer>) {
      const found = isAllowed(call) ? answer(call.request) : undefined;
      if (found === undefined) callback({ code: status.PERMISSION_DENIED });
      else if (found.kind === 'response') callback(null, found.bytes);
      else callback({ code: codes[found.kind], details: found.because });
    },
    StreamClientStatus(call: Call) {
      const refuse = (code: status, details: string) => call.emit('error', { code, details });
      if (!isAllowed(call)) return void refuse(status.PERMISSION_DENIED, 'not for this identity');
      if (open >= maxStreams) return void refuse(status.RESOURCE_EXHAUSTED, 'too many streams');
      open += 1;
      const budget = new RequestBudget(call, maxRequestsPerSecond);
      call.on('data', (request: Buffer) => {
        const found = answer(request);
        if (found.kind !== 'response') return void refuse(codes[found.kind], found.because);
        // The next request is read when the client has taken this answer.
        call.pause();
        call.write(found.bytes, () => budget.spend());
      });
      call.on('end', () => call.end());
      call.once('close', () => {
        open -= 1;
        budget.close();
      });
    },
  };
}

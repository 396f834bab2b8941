import { connect } from 'node:net';
import { probeGrpc } from './grpc.ts';
import { probeHttp } from './http.ts';
import { failed, type ProbeOutcome } from './outcome.ts';
import type { Probe } from './table.ts';

/** Performs a probe against a program of this pod within the probe's own time. Never rejects. */
export function performProbe(
  { target, timeoutSeconds }: Probe,
  address: string,
  userAgent: string,
): Promise<ProbeOutcome> {
  const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
  switch (target.kind) {
    case 'http':
      return probeHttp(target, { address, userAgent, signal });
    case 'grpc':
      return probeGrpc(target, { address, userAgent, signal });
    case 'tcp':
      return probeTcp(address, target.port, signal);
  }
}

function probeTcp(address: string, port: number, signal: AbortSignal): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (outcome: ProbeOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.on('connect', () => settle({ status: 200, message: 'connected' }));
    socket.on('error', (error) => settle(failed(`tcp ${address}:${port}: ${error.message}`)));
    signal.addEventListener('abort', () => settle(failed(`tcp ${address}:${port}: no connection in time`)));
  });
}

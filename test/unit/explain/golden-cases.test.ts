import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/explain/explain.ts';
import type { Explanation } from '../../../src/explain/explanation.ts';
import { verdictOf } from '../../../src/explain/verdict.ts';
import { decide, decideInbound } from '../../../src/model/decide.ts';
import type { HttpRequest } from '../../../src/model/decision.ts';
import type { MeshModel, SpiffeId, WorkloadId } from '../../../src/model/types.ts';
import { type CaseRequest, goldenCases } from '../../support/mesh/cases.ts';
import { compileCase } from '../../support/mesh/pipeline.ts';

/** Every request of every golden case: what explain() says of it must be what decide() says, with a reason for each denial. */
const cases = goldenCases().map((golden) => ({ name: golden.name, golden }));

function question(request: CaseRequest) {
  const { traffic } = request;
  const how =
    traffic.kind === 'http'
      ? { method: traffic.method, path: traffic.path, headers: traffic.headers }
      : { [traffic.kind]: true };
  return request.direction === 'outbound'
    ? { from: `pod/${request.from}`, to: `${request.to.host}:${request.to.port}`, ...how }
    : { from: `sa/${request.peer}`, to: `pod/${request.workload}:${request.port}`, ...how };
}

function lowerCase(headers: HttpRequest['headers']): HttpRequest['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value.trim() : value.map((one) => one.trim()),
    ]),
  );
}

function denialsWithoutReason(model: MeshModel, { backends }: Explanation) {
  const servers = backends.flatMap((backend) => backend.servers);
  return servers.filter(({ verdict, denial, set }) => {
    if (verdict !== 'deny') return false;
    const granted = (model.inbound[set]?.grants.length ?? 0) > 0;
    return granted ? (denial?.differences.length ?? 0) === 0 : denial?.rule !== undefined;
  });
}

describe.each(cases)('$name', ({ golden }) => {
  const { model } = compileCase(golden, 10);

  it('is explained as it is decided', () => {
    for (const request of golden.requests) {
      if (request.direction !== 'outbound') continue;
      const explained = explain(model, question(request));
      // Hosts that no Service has are answered by a sentence instead.
      if (!explained.ok) {
        expect(explained.error, request.place).toMatch(/no Service is called|offers|is not of the form/);
        continue;
      }
      const traffic =
        request.traffic.kind === 'http'
          ? { ...request.traffic, headers: lowerCase(request.traffic.headers) }
          : { kind: request.traffic.kind };
      const decision = decide(model, { ...traffic, from: request.from as WorkloadId, to: request.to });
      expect(explained.value.verdict, request.place).toBe(verdictOf(decision));
      expect(explained.value.backends.map(({ service, verdict }) => ({ service, verdict }))).toEqual(
        decision.targets.map(({ service, verdict }) => ({ service, verdict })),
      );
      expect(denialsWithoutReason(model, explained.value), request.place).toEqual([]);
    }
  });

  it('is explained straight at its pods as it is decided', () => {
    for (const request of golden.requests) {
      if (request.direction !== 'inbound') continue;
      const explained = explain(model, question(request));
      if (!explained.ok) {
        expect(explained.error, request.place).toMatch(/is named|offers/);
        continue;
      }
      const { client, backends } = explained.value;
      const sender = { peer: client.identity as SpiffeId, from: client.workload };
      const arriving = { ...sender, workload: request.workload as WorkloadId, port: request.port };
      const { traffic } = request;
      const access =
        explained.value.request.kind === 'http' && traffic.kind === 'http'
          ? decideInbound(model, { ...traffic, headers: { host: '', ...lowerCase(traffic.headers) }, ...arriving })
          : decideInbound(model, { kind: traffic.kind === 'udp' ? 'udp' : 'tcp', ...arriving });
      expect(backends[0]?.servers[0]?.verdict, request.place).toBe(access.verdict);
      expect(denialsWithoutReason(model, explained.value), request.place).toEqual([]);
    }
  });
});

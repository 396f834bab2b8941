import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../src/compile/index.ts';
import { decide } from '../../src/model/decide.ts';
import type { Decision } from '../../src/model/decision.ts';
import { workloadId } from '../../src/model/ids.ts';
import type { MeshModel } from '../../src/model/types.ts';
import { readSources } from '../../src/source/read.ts';
import { manifests, pods } from '../support/pods-in-namespaces/mesh.ts';
import { type Check, checks, closedChecks } from '../support/pods-in-namespaces/scenario.ts';

/** The mesh of the scenario that redirected pods with our proxy and with Envoy go through. */
function modelOf(outbound: 'passthrough' | 'registry-only'): MeshModel {
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-pods-'));
  try {
    writeFileSync(join(folder, 'mesh.yaml'), manifests(outbound));
    const { input } = assemble(readSources([folder]).documents);
    return createCompiler().compile(input, defaultCompileOptions).model;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Requests by curl of a pod with a sidecar, to another address than its own and to a port that somebody declares. */
function requestOf({ from, command }: Check) {
  const url = command[0] === 'curl' ? new URL(command.at(-1)!) : undefined;
  const client = pods.find(({ name }) => name === from);
  if (url?.protocol !== 'http:' || !client?.sidecar || command.includes('--resolve')) return undefined;
  const port = Number(url.port || 80);
  const own = [...client.addresses, '127.0.0.1', '::1'];
  if (own.includes(url.hostname.replace(/[[\]]/g, '')) || port === 7777 || port === 15_001) return undefined;
  const method = command[command.indexOf('-X') + 1] === 'POST' ? 'POST' : 'GET';
  const said = command.find((part) => part.startsWith('Host: '))?.slice('Host: '.length);
  const host = said ?? url.host;
  const to = { host: url.hostname, port };
  return {
    kind: 'http',
    from: workloadId('default', from),
    to,
    method,
    path: url.pathname,
    headers: { host },
  } as const;
}

function statusOf({ outcome, status = 0, targets: [first] }: Decision): string {
  if (outcome === 'outside') return '200';
  if (outcome === 'rejected') return status === 0 ? '000' : `${status}`;
  return first?.verdict === 'allow' ? '200' : first?.verdict === 'deny' ? '403' : '503';
}

describe.each([
  ['passthrough', checks],
  ['registry-only', closedChecks],
] as const)('decide() about redirected pods, %s', (outbound, list) => {
  const model = modelOf(outbound);
  const asked = list.flatMap((check) => {
    const request = requestOf(check);
    return request === undefined ? [] : [{ name: check.name, request, expected: check.expected }];
  });

  it.each(asked)('$name', ({ request, expected }) => {
    const decision = decide(model, request);
    const [, status] = /(\d{3})\$$/.exec(expected.source) ?? [];
    expect(statusOf(decision)).toBe(status);
  });

  it('is asked often enough', () => expect(asked.length).toBeGreaterThan(outbound === 'passthrough' ? 20 : 2));
});

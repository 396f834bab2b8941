import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkGrpc } from './correctness/grpc.ts';
import { checkHttp } from './correctness/http.ts';
import { checkTcp } from './correctness/tcp.ts';
import { type H2LoadOptions, type RequestShape, runH2Load } from './load/h2load.ts';
import { runOpenLoop } from './load/open-loop.ts';
import { costOf } from './measure.ts';
import type { RequestKind } from './programs/paced-client.ts';
import type { Scenario, ScenarioName } from './scenario.ts';
import { envoyHttp, envoyPair, envoyTcp, envoyTls } from './subjects/envoy/index.ts';
import { haproxyHttp1, haproxyHttp2, haproxyPair, haproxyTcp, haproxyTls } from './subjects/haproxy.ts';
import { nodeHttp, nodeHttp2 } from './subjects/node.ts';
import {
  smiMeshHttp1,
  smiMeshHttp1Uncounted,
  smiMeshHttp2,
  smiMeshPair,
  smiMeshTcp,
  smiMeshTls,
} from './subjects/smi-mesh.ts';
import { direct } from './subjects/subject.ts';
import { connectTcp, streamTcp, tcpColumns } from './tcp-figures.ts';
import { grpcMessage, grpcPath, type NginxProtocol, startNginx } from './upstreams/nginx.ts';
import { startTcpUpstream } from './upstreams/tcp.ts';

const requestColumns: Scenario['columns'] = [
  { key: 'cpuMicrosPerRequest', title: 'CPU µs/request', digits: 1, ofProxy: true },
  { key: 'requestsPerSecond', title: 'requests/s', digits: 0 },
  { key: 'p50Millis', title: 'p50 ms', digits: 2 },
  { key: 'p99Millis', title: 'p99 ms', digits: 2 },
  { key: 'p999Millis', title: 'p99.9 ms', digits: 2 },
];

interface RequestsOf {
  readonly upstream: NginxProtocol;
  readonly shape: (folder: string) => RequestShape;
  /** How the direct way differs from the one through a proxy. */
  readonly directly?: { readonly scheme: 'https'; readonly kind: RequestKind };
  readonly kind: RequestKind;
}

/** How scenarios of requests and answers start their server and make load. */
function requests({
  upstream,
  shape,
  kind,
  directly,
}: RequestsOf): Pick<Scenario, 'columns' | 'startUpstream' | 'saturate' | 'pace'> {
  return {
    columns: requestColumns,
    startUpstream: (bench) => startNginx(bench, upstream),
    saturate: async (bench, contender, seconds) => {
      const scheme = contender.processes.length === 0 && directly !== undefined ? directly.scheme : 'http';
      const options: H2LoadOptions = { ...bench, ...shape(bench.folder), scheme, port: contender.port, seconds };
      const [{ requests: done, ...figures }, cpuMicros] = await costOf(contender, () => runH2Load(options));
      return { ...figures, cpuMicrosPerRequest: cpuMicros / done };
    },
    pace: ({ host, ...bench }, { port, processes }, seconds) =>
      runOpenLoop(bench, { kind: (processes.length === 0 ? directly?.kind : undefined) ?? kind, port, host, seconds }),
  };
}

const get = (protocol: RequestShape['protocol']) => (): RequestShape => ({ protocol, path: '/' });

function unaryCall(folder: string): RequestShape {
  const bodyFile = join(folder, 'grpc-message');
  writeFileSync(bodyFile, grpcMessage);
  const headers = { 'content-type': 'application/grpc', te: 'trailers' };
  return { protocol: 'http2', path: grpcPath, headers, bodyFile };
}

const all: readonly Scenario[] = [
  {
    name: 'http1',
    describes: 'HTTP/1.1 in plain text on both sides',
    subjects: [direct, haproxyHttp1, envoyHttp('http1'), smiMeshHttp1, smiMeshHttp1Uncounted, nodeHttp],
    merit: { key: 'cpuMicrosPerRequest', aim: 0.5 },
    check: checkHttp('http1'),
    ...requests({ upstream: 'http1', shape: get('http1'), kind: 'http1' }),
  },
  {
    name: 'http1-mtls',
    describes: 'HTTP/1.1 through two sidecars, mutual TLS between them and an access policy; both sidecars count',
    subjects: [direct, haproxyPair, envoyPair('http2'), envoyPair('http1'), smiMeshPair],
    merit: { key: 'cpuMicrosPerRequest', aim: 0.5 },
    check: checkHttp('http1'),
    ...requests({ upstream: 'http1', shape: get('http1'), kind: 'http1' }),
  },
  {
    name: 'http2',
    describes: 'HTTP/2 in plain text with prior knowledge on both sides',
    subjects: [direct, haproxyHttp2, envoyHttp('http2'), smiMeshHttp2, nodeHttp2],
    merit: { key: 'cpuMicrosPerRequest', aim: 0.35 },
    check: checkHttp('http2'),
    ...requests({ upstream: 'http2', shape: get('http2'), kind: 'http2' }),
  },
  {
    name: 'grpc',
    describes: 'unary calls of gRPC in plain text on both sides',
    subjects: [direct, haproxyHttp2, envoyHttp('http2'), smiMeshHttp2, nodeHttp2],
    merit: { key: 'cpuMicrosPerRequest', aim: 0.35 },
    check: checkGrpc,
    ...requests({ upstream: 'http2', shape: unaryCall, kind: 'grpc' }),
  },
  {
    name: 'tcp',
    describes: 'bytes: streams from the server, short connections, and small messages there and back',
    subjects: [direct, haproxyTcp, envoyTcp, smiMeshTcp],
    columns: tcpColumns,
    merit: { key: 'cpuSecondsPerGiB', aim: 1 },
    startUpstream: startTcpUpstream,
    check: checkTcp,
    saturate: async (bench, contender, seconds) => ({
      ...(await streamTcp(bench, contender, seconds)),
      ...(await connectTcp(bench, contender, seconds)),
    }),
    pace: ({ host, ...bench }, { port }, seconds) => runOpenLoop(bench, { kind: 'tcp', port, host, seconds }),
  },
  {
    name: 'tls',
    describes: 'HTTP/1.1: plain text from the client, TLS 1.3 with certificates of both sides to the server',
    subjects: [direct, haproxyTls, envoyTls, smiMeshTls],
    merit: { key: 'cpuMicrosPerRequest', aim: 1 },
    check: (subject, port, host) => checkHttp(subject === direct.name ? 'https1' : 'http1')(subject, port, host),
    ...requests({
      upstream: 'https1',
      shape: get('http1'),
      kind: 'http1',
      directly: { scheme: 'https', kind: 'https1' },
    }),
  },
];

export function scenarioOf(name: ScenarioName): Scenario {
  return all.find((scenario) => scenario.name === name)!;
}

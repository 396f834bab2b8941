import type { ProxiesReport, ProxyReport, RefusedReport } from '../../control/admin/contract.ts';
import { describeObject } from '../../diagnostics/origin.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { typeName } from '../../lib/type-url.ts';
import { count, shortName, span, table } from '../control-plane/words.ts';
import { renderLocated } from '../up/findings.ts';

export interface DetailedReport extends ProxyReport {
  readonly resources: readonly { readonly typeUrl: string; readonly resource: string; readonly version: string }[];
}

const heads = ['PROXY', 'DATA PLANE', 'VERSION', 'XDS', 'GENERATION', 'RESOURCES', 'STATE', 'FOR', 'REFUSES'];

/** A verdict, the proxies as a table, and what is refused with its line. */
export function renderProxies(report: ProxiesReport, now: number, wide: boolean, style: TextStyle): readonly string[] {
  const { proxies, absent } = report;
  const rows = proxies.map((proxy) => [...cells(proxy, now), ...(wide ? wideCells(proxy, now) : [])]);
  const head = [...heads, ...(wide ? ['PEER', 'CONNECTED', 'TYPES'] : [])];
  const [first = '', ...body] = table([head, ...rows]);
  const missing = absent.length === 0 ? [] : ['', style.dim(`not connected: ${absent.map(shortName).join(', ')}`)];
  return [
    style.bold(verdict(proxies)),
    ...(proxies.length === 0
      ? []
      : ['', style.bold(first), ...body.map((line, index) => paint(line, proxies[index], style))]),
    ...missing,
    ...findingsOf(
      proxies.flatMap(({ refused }) => refused),
      style,
    ),
  ];
}

/** One proxy with every resource that it has. */
export function renderProxy(proxy: DetailedReport, now: number, style: TextStyle): readonly string[] {
  const { node, program, version, dataPlane, variant, peer = '-', types, resources, refused } = proxy;
  const rows = resources.map((each) => [typeName(each.typeUrl), each.resource, each.version]);
  const typeRows = types.map((type) => [
    typeName(type.typeUrl),
    String(type.resources),
    type.version || '-',
    type.state,
  ]);
  return [
    style.bold(`${shortName(node)} ${sentence(proxy, now)}`),
    `${dataPlane}: ${[program, version].filter(Boolean).join(' ')}, ${variant}, connected for ${span(now - proxy.connectedSince)}, as ${peer}`,
    '',
    ...table([['TYPE', 'RESOURCES', 'VERSION', 'STATE'], ...typeRows]),
    '',
    ...table([['TYPE', 'RESOURCE', 'VERSION'], ...rows]),
    ...findingsOf(refused, style),
  ];
}

function verdict(proxies: readonly ProxyReport[]): string {
  const inState = (state: ProxyReport['state']) => proxies.filter((proxy) => proxy.state === state).length;
  const [refused, waiting] = [inState('refused'), inState('waiting')];
  const all = count(proxies.length, 'proxy', 'proxies');
  if (proxies.length === 0) return 'no proxy is connected';
  if (refused + waiting === 0) return `${all}: ${proxies.length === 1 ? 'it has' : 'all have'} what the manifests say`;
  const parts = [
    ...(refused === 0 ? [] : [`${refused} ${refused === 1 ? 'refuses' : 'refuse'} configuration`]),
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? 'lacks' : 'lack'} something now`]),
  ];
  return `${all}: ${parts.join(', ')}`;
}

function sentence({ state, since, generation }: ProxyReport, now: number): string {
  const time = since === undefined ? '' : ` for ${span(now - since)}`;
  if (state === 'refused') return `refuses configuration${time}`;
  return state === 'waiting' ? `lacks something${time}` : `has generation ${generation ?? 0}`;
}

function cells(proxy: ProxyReport, now: number): readonly string[] {
  const { node, dataPlane, program, version, variant, generation, types, state, since, ackedAt, refused } = proxy;
  const from = since ?? ackedAt;
  return [
    shortName(node),
    dataPlane,
    version === '' ? program : version,
    variant,
    generation === undefined ? '-' : String(generation),
    String(types.reduce((sum, { resources }) => sum + resources, 0)),
    state,
    from === undefined ? '-' : span(now - from),
    [...new Set(refused.map(poisonOf))].join(', '),
  ];
}

/** The object at fault, or the resource where none is known. */
function poisonOf({ diagnostic, typeUrl, resource }: RefusedReport): string {
  const object = diagnostic?.origin?.object;
  return object === undefined ? `${typeName(typeUrl)} ${resource}` : describeObject(object);
}

function wideCells({ peer = '-', connectedSince, types }: ProxyReport, now: number): readonly string[] {
  const each = types.map(({ typeUrl, resources, version, state }) => {
    const mark = state === 'synced' ? '' : ` ${state}`;
    return `${typeName(typeUrl)} ${resources}${version === '' ? '' : `@${version}`}${mark}`;
  });
  return [peer, span(now - connectedSince), each.join(', ')];
}

function paint(line: string, proxy: ProxyReport | undefined, style: TextStyle): string {
  if (proxy?.state === 'refused') return style.red(line);
  return proxy?.state === 'waiting' ? style.yellow(line) : line;
}

/** Each finding once, however many proxies refuse the resource. */
function findingsOf(refused: readonly RefusedReport[], style: TextStyle): readonly string[] {
  const found = new Map(
    refused.flatMap(({ diagnostic }) => (diagnostic === undefined ? [] : [[diagnostic.message, diagnostic]])),
  );
  return [...found.values()].flatMap((each) => ['', ...renderLocated(each, style)]);
}

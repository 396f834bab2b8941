import { describeObject, type Locate, type Origin } from '../diagnostics/origin.ts';
import { printable } from '../lib/printable.ts';
import { plainStyle, type TextStyle } from '../lib/text-style.ts';
import { describeIdentity } from './differences.ts';
import type { Backend, ExplainedRequest, Explanation, PolicyInForce, Route, Server } from './explanation.ts';
import type { Verdict } from './verdict.ts';

export interface ExplanationTextOptions {
  readonly locate: Locate;
  readonly style?: TextStyle;
}

interface Writer {
  readonly style: TextStyle;
  /** A line for each place, indented. */
  readonly places: (origins: readonly Origin[], indent: number) => readonly string[];
}

/** Lines for people: the verdict, then why, and the place of every field that has a part in it. */
export function explanationText(explanation: Explanation, options: ExplanationTextOptions): readonly string[] {
  const style = options.style ?? plainStyle;
  const writer: Writer = { style, places: (origins, indent) => places(origins, options.locate, style, indent) };
  const { verdict, rejection, route, backends, policies, notes } = explanation;
  return [
    `${style.bold(painted(verdict, style))}: ${describeRequest(explanation.request)} from ${explanation.client.workload} to ${explanation.to.name}:${explanation.to.port}`,
    ...notes.map((note) => `  note: ${printable(note)}`),
    `  client ${describeClient(explanation)}`,
    ...(rejection === undefined
      ? []
      : [
          `  ${rejection.answer}: ${printable(rejection.text)}${rejection.code === undefined ? '' : ` (${rejection.code})`}`,
        ]),
    ...(explanation.outside
      ? ['  carried out of the mesh as it is: no Service has that name (MeshConfig outbound: passthrough)']
      : []),
    ...(route === undefined ? [] : routing(route, writer)),
    ...backends.flatMap((one) => backend(one, explanation, writer)),
    ...policies.flatMap((one) => policy(one, 2, writer)),
  ];
}

/** One line, and a line for each place that says it. */
function policy(
  { policy: name, text, origins = [] }: PolicyInForce,
  indent: number,
  { style, places: write }: Writer,
): readonly string[] {
  const blanks = ' '.repeat(indent);
  return [`${blanks}${name.padEnd(9)}  ${style.dim(printable(text))}`, ...write(origins, indent + 11)];
}

function painted(verdict: Verdict, style: TextStyle): string {
  if (verdict === 'allowed') return style.green(verdict);
  return verdict === 'partly allowed' ? style.yellow(verdict) : style.red(verdict);
}

function describeRequest(request: ExplainedRequest): string {
  if (request.kind === 'http') return printable(`${request.method} ${request.path}`);
  return request.kind === 'tcp' ? 'a connection' : 'a datagram';
}

function describeClient({ client }: Explanation): string {
  const { account, identity, owners } = client;
  const namespace = account.slice(0, account.indexOf('/'));
  const owned = owners.map(({ kind, name }) => `, ${kind} ${namespace}/${name}`).join('');
  return `${client.workload}${owned}, as ServiceAccount ${account} (${identity})`;
}

function routing(route: Route, { places: write }: Writer): readonly string[] {
  const passed = route.passedOver.flatMap(({ index, differences, origins }) => [
    `  not rule ${index + 1}: ${printable(differences.map(({ text }) => text).join('; '))}`,
    ...write(distinct([...origins, ...differences.flatMap((one) => one.origins)]), 4),
  ]);
  if (route.origins.length === 0) {
    return [...passed, "  routed to the service's own endpoints: no split governs this request"];
  }
  const match = route.match === 'any' ? [] : route.match.origins;
  return [
    ...passed,
    `  routed by rule ${route.index + 1} of ${route.rules}`,
    ...write([...route.origins, ...match], 4),
  ];
}

function backend(target: Backend, explanation: Explanation, writer: Writer): readonly string[] {
  const share = `${percent(target)} %`.padStart(7);
  const name = target.service === undefined ? 'port ' : `${target.service}:`;
  const lines = [`${share}  ${name}${target.port}  ${writer.style.bold(target.verdict)}`];
  if (target.origins.length > 0) lines.push('           share from', ...writer.places(target.origins, 13));
  if (target.verdict === 'unavailable') {
    lines.push(
      `           no workload of it is ready: ${explanation.request.kind === 'http' ? '503' : 'nobody answers'}`,
    );
  }
  if (target.outside !== undefined) {
    lines.push(`           ${target.outside}, outside the mesh: plain text, and nobody is asked`);
  }
  if (target.atClient) lines.push("           refused by the client's own proxy: MeshConfig says clientAccess: refuse");
  for (const each of target.endpoints ?? []) lines.push(...policy(each, 11, writer));
  for (const each of target.servers) lines.push(...server(each, explanation, writer));
  return lines;
}

function server(
  { set, workloads, answer, asks = [], grants, denial }: Server,
  explanation: Explanation,
  writer: Writer,
): readonly string[] {
  const pods = workloads.length === 1 ? workloads[0] : `${workloads.length} pods`;
  const lines = [`           ${pods} as ${set}: ${answer}`];
  for (const each of asks) lines.push(...policy(each, 13, writer));
  for (const { rule, origins } of grants) {
    lines.push(`             by TrafficTarget ${rule}`, ...writer.places(origins, 15));
  }
  if (denial?.rule !== undefined) {
    lines.push(`             nearest: TrafficTarget ${denial.rule}, but`);
    for (const { text, origins } of denial.differences) {
      lines.push(`             - ${printable(text)}`, ...writer.places(origins, 15));
    }
  } else if (denial !== undefined) {
    const who = describeIdentity(explanation.client.identity);
    lines.push(
      `             no TrafficTarget has ServiceAccount ${accountOf(set)} as its destination: write one with ${who} in spec.sources`,
    );
  }
  return lines;
}

function distinct(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((origin) => [`${origin.object} ${origin.path}`, origin])).values()];
}

function places(origins: readonly Origin[], locate: Locate, style: TextStyle, indent: number): readonly string[] {
  return origins.map((origin) => {
    const found = locate(origin);
    const place = found === undefined ? '' : `${found.file}:${found.line}:${found.column}  `;
    return `${' '.repeat(indent)}${style.blue(printable(place))}${printable(describeObject(origin.object))} ${style.dim(printable(origin.path))}`.trimEnd();
  });
}

/** Two digits after the point where they say something. */
function percent({ weight, total }: Backend): string {
  return String(Math.round((weight / total) * 10_000) / 100);
}

/** The account of a set of workloads, which may be a part of it: `NAMESPACE/NAME~PART`. */
function accountOf(set: string): string {
  return set.split('~', 1)[0] ?? set;
}

import { formatDuration } from '../../lib/duration.ts';
import { decodeTrafficMetrics } from '../../smi/metrics/decode.ts';
import type { TrafficMetricsDocument } from '../../smi/types.ts';
import { readSources } from '../../source/read.ts';
import { controlPlaneOf } from '../control-plane/ask.ts';
import { exitCodes } from '../exit-codes.ts';
import { printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { printYaml } from '../yaml-output.ts';
import { kindsText, readPlural, type TopOptions } from './options.ts';

interface Answer {
  readonly kind: string;
  readonly items?: readonly Answer[];
  readonly edge?: { readonly resource?: Readonly<Record<string, unknown>> };
}

/** Answers the TrafficMetrics documents of a file; returns the exit code. */
export async function answerFile(file: string, options: TopOptions): Promise<number> {
  const sources = readSources([file]);
  const [broken] = sources.diagnostics.filter(({ severity }) => severity === 'error');
  if (broken !== undefined) return wrongUse(broken.message);
  const documents = sources.documents.flatMap((document) =>
    document.kind === 'TrafficMetrics' ? (decodeTrafficMetrics(document).value ?? []) : [],
  );
  if (documents.length === 0) return wrongUse(`${file} holds no TrafficMetrics`);
  const controlPlane = await controlPlaneOf(options);
  for (const document of documents) {
    const path = pathOf(document, options.window);
    if (path === undefined)
      return wrongUse(`${document.resource.kind ?? 'its resource'} is not measured; one of ${kindsText} is`);
    const [answer] = await controlPlane.ask<Answer>(path);
    const shown = answer && chosen(answer, document);
    if (options.output === 'json') printJson(shown);
    else {
      process.stdout.write('---\n');
      printYaml(shown);
    }
  }
  return exitCodes.fine;
}

function pathOf({ meta, resource, edge, window }: TrafficMetricsDocument, windowMillis: number): string | undefined {
  const plural = readPlural(resource.kind ?? 'namespace');
  if (plural === undefined) return undefined;
  const scoped = plural === 'namespaces' || plural === 'nodes';
  const name = resource.name ?? (plural === 'namespaces' ? resource.namespace : undefined);
  const namespace = resource.namespace ?? (name === undefined ? undefined : meta.namespace);
  const within = scoped || namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const edges = edge?.resource !== undefined && name !== undefined ? '/edges' : '';
  const query = new URLSearchParams({
    window: window ?? formatDuration(windowMillis),
    ...(edge?.direction === undefined ? {} : { direction: edge.direction }),
    ...(edge?.side === undefined ? {} : { side: edge.side }),
  });
  return `/apis/metrics.smi-spec.io/v1alpha2${within}/${plural}${object}${edges}?${query}`;
}

/** Of several edges those to the peer that the document names. */
function chosen(answer: Answer, { edge }: TrafficMetricsDocument): Answer {
  const wanted = Object.entries(edge?.resource ?? {}).filter(([field]) => field === 'name' || field === 'namespace');
  if (answer.items === undefined || wanted.length === 0) return answer;
  const items = answer.items.filter((item) => wanted.every(([field, value]) => item.edge?.resource?.[field] === value));
  const [only] = items;
  return items.length === 1 && only !== undefined ? only : { ...answer, items };
}

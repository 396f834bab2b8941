import type { ProxyState, TypeState } from '../../xds/contract.ts';
import type { DiffReport, ResourceDifference } from './contract.ts';
import { jsonDifferences } from './json-diff.ts';
import type { AdminSource } from './source.ts';

/** What a proxy has against what it should have, of the types that it asks for. */
export function diffReport(source: AdminSource, proxy: ProxyState): DiffReport {
  const differences = proxy.types.flatMap((type) => typeDifferences(source, proxy, type));
  return { node: proxy.node.id, differences };
}

function typeDifferences(source: AdminSource, proxy: ProxyState, type: TypeState): readonly ResourceDifference[] {
  const { typeUrl, wildcard, acked } = type;
  const wanted = proxy.view.get(typeUrl);
  const asked = wildcard ? [...wanted.values()] : type.names.flatMap((name) => wanted.get(name) ?? []);
  const refused = new Map(type.refused.map(({ name, version }) => [name, version]));
  const different = asked.flatMap(({ name, version }): ResourceDifference[] => {
    const has = acked.get(name);
    if (has === version) return [];
    const about = { typeUrl, resource: name, wants: version, ...(refused.get(name) === version ? mark : {}) };
    if (has === undefined) return [{ ...about, kind: 'missing' }];
    return [
      {
        ...about,
        kind: 'stale',
        has,
        ...fieldsBetween((of) => source.contentOf(proxy, typeUrl, name, of), has, version),
      },
    ];
  });
  const extra = [...acked].flatMap(([name, has]): ResourceDifference[] =>
    wanted.has(name) ? [] : [{ typeUrl, resource: name, kind: 'extra', has }],
  );
  return [...different, ...extra];
}

const mark = { refused: true } as const;

function fieldsBetween(
  contentOf: (version: string) => unknown,
  has: string,
  wants: string,
): Pick<ResourceDifference, 'fields'> {
  const [old, now] = [contentOf(has), contentOf(wants)];
  return old === undefined || now === undefined ? {} : { fields: jsonDifferences(old, now) };
}

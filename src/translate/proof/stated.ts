import type { Support, Translator } from '../../adapter/contract.ts';
import { type Feature, features } from '../../adapter/features.ts';
import { featureUses } from '../../adapter/losses.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import type { TrafficRequest } from '../../model/decision.ts';
import type { MeshModel } from '../../model/types.ts';
import { OriginIndex } from '../origin-index.ts';
import type { Translation } from '../translate.ts';
import { refusesUnasked } from './closed.ts';
import { type Excuse, type ExcuseName, excuses } from './excuses.ts';

/** The fields that decide about a request. */
export interface DecidingFields {
  readonly fields: readonly Origin[];
  /** Of the Service that it is for. */
  readonly service: readonly Origin[];
}

/** What a translation says of differences: those that nobody has stated are faults. */
export interface Stated {
  /** Whether less may be let in by what these fields say. */
  narrower(origins: readonly Origin[]): boolean;
  /** Whether some feature that excuses the difference is lost where these fields ask for it. */
  lost(excuse: ExcuseName, at: DecidingFields): boolean;
  /** How far shares may be from what is meant where these fields say them, of 1. */
  apart(origins: readonly Origin[]): number;
  /** Whether the table alone excuses the difference; `among`: by no other feature. */
  inTable(excuse: ExcuseName, among?: readonly Feature[]): boolean;
  /** The target asks nobody, and an option says that somebody else lets requests in or not. */
  isOpen(kind: TrafficRequest['kind']): boolean;
}

/**
 * Of the support table entries about a whole protocol excuse nothing at fields: every request would be excused by them; nor do those
 * about more than what is compared. What a table says is reported case by case counts where it is reported.
 */
const general: readonly Feature[] = [
  ...(['http-routing', 'tcp-routing', 'udp-routing', 'mutual-tls'] as const),
  ...(['request-timeouts', 'mirroring', 'header-edits'] as const),
];

interface Lost {
  readonly feature: Feature;
  readonly narrows: boolean;
  readonly apart: number;
}

/** Of shares, where nothing says how far they are from what is meant. */
const commonlyApart = 0.05;

export function statedBy(translator: Translator, { losses }: Translation, model: MeshModel): Stated {
  const { support } = translator;
  const index = new OriginIndex<Lost>();
  for (const { feature, kind, origins, apart = commonlyApart } of losses) {
    index.add(origins, { feature, narrows: kind !== 'changed', apart });
  }
  const inexact = new Set(features.filter((feature) => !isExact(support[feature])));
  for (const { feature, origins } of featureUses(model)) {
    if (inexact.has(feature) && !general.includes(feature))
      index.add(origins, { feature, narrows: true, apart: commonlyApart });
  }
  const lostAt = (origins: readonly Origin[], some: readonly Feature[] = []) =>
    [...index.touching(origins)].some(({ feature }) => some.includes(feature));
  const inTable: Stated['inTable'] = (name, among = features) => {
    const { byTable = [], levels = [] }: Excuse = excuses[name];
    return byTable.some(
      (feature) => among.includes(feature) && inexact.has(feature) && levels.includes(support[feature].level),
    );
  };
  let unasked: boolean | undefined;
  const isElsewhere = () => {
    unasked ??= refusesUnasked(translator, model);
    return unasked;
  };
  return {
    narrower: (origins) =>
      [...index.touching(origins)].some(({ feature, narrows }) => narrows && excuses.access.atFields.includes(feature)),
    lost(name, { fields, service }) {
      const { atFields, atService }: Excuse = excuses[name];
      return lostAt(fields, atFields) || lostAt([...fields, ...service], atService);
    },
    apart: (origins) =>
      [...index.touching(origins)]
        .filter(({ feature }) => excuses.shares.atFields.some((some) => some === feature))
        .reduce((sum, { apart }) => sum + apart, 0),
    inTable,
    isOpen: (kind) => inTable(kind === 'udp' ? 'openDatagrams' : 'open') && isElsewhere(),
  };
}

/** As far as the table alone can tell. */
function isExact(support: Support): boolean {
  return support.level === 'exact' || (support.level === 'approximate' && support.reported === true);
}

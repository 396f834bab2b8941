import type { Support } from '../../adapter/contract.ts';
import { type Feature, features } from '../../adapter/features.ts';

/**
 * One way in which documents may differ from the mesh, and the features that excuse it. None ever excuses that more is let in.
 * docs/translate.md has the same table; a test compares them.
 */
export interface Excuse {
  /** As one clause. */
  readonly difference: string;
  /**
   * By a loss, or by a table entry that is not exact (nor `reported`) where it is used, at the fields that decide about the
   * request: the rule with its match, targets and policies, or the grants.
   */
  readonly atFields?: readonly Feature[];
  /** The same at the Service; of whole protocols a loss alone counts, since every request uses them. */
  readonly atService?: readonly Feature[];
  /** By the table alone, where the entry has one of the levels. */
  readonly byTable?: readonly Feature[];
  readonly levels?: readonly Support['level'][];
}

const matches: readonly Feature[] = ['split-with-matches', 'match-path-regex', 'match-method', 'match-header-regex'];
const targets: readonly Feature[] = [...matches, 'client-rules', 'failed-distribution', 'external-services'];
const protocols: readonly Feature[] = ['http-routing', 'tcp-routing', 'udp-routing'];
const atService: readonly Feature[] = [...protocols, 'external-services'];
const notExact = ['approximate', 'none'] as const;

export const excuses = {
  backends: {
    difference: 'other backends, or shares further apart than is stated',
    atFields: targets,
    atService,
  },
  shares: {
    difference:
      'shares as far apart as losses say, together (`apart`; where one does not, and by the table, 5 percentage points)',
    atFields: ['weighted-split'],
  },
  outcome: {
    difference: 'one routes, rejects or lets out what the other does not; another status',
    atFields: [...targets, 'weighted-split'],
    atService,
  },
  protocol: {
    difference: 'any of these, by the protocol of the port',
    byTable: protocols,
    levels: ['none'],
  },
  datagrams: {
    difference: 'any of these, of datagrams',
    byTable: ['udp-routing'],
    levels: notExact,
  },
  names: {
    difference: 'any of these, where the names of the request mean no Service of the mesh, or two',
    byTable: ['http-routing', 'outbound-passthrough', 'outbound-registry-only'],
    levels: notExact,
  },
  spelling: {
    difference:
      'the documents reject it, or with another status, where the name is none of the `hosts` of the Service (bare, an address, in capital letters) or the path has a `%` or no normal form',
    byTable: ['http-routing', 'tcp-routing'],
    levels: notExact,
  },
  methods: {
    difference: 'the documents reject it, or with another status, where the method is not written in capital letters',
    byTable: ['match-method'],
    levels: notExact,
  },
  treatment: {
    difference: 'another time limit for the whole request, other copies of it or edits of its headers',
    atFields: ['request-timeouts', 'mirroring', 'header-edits', 'split-with-matches'],
  },
  access: {
    difference: 'less is let in, by grants that cover the request or come nearest',
    atFields: features.filter((feature) => /^access-|^match-|^end-user|^tls-|^plain-|^mutual-/.test(feature)),
  },
  modes: {
    difference: 'less is let in, where no grant is concerned',
    byTable: ['access-audit', 'access-allow'],
    levels: notExact,
  },
  open: {
    difference:
      'nobody is asked (`open`, or let out) where the mesh keeps the request out, if without options the model is refused',
    byTable: ['access-identity'],
    levels: ['none'],
  },
  openDatagrams: {
    difference: 'the same, of datagrams',
    byTable: ['access-identity', 'access-udp'],
    levels: ['none'],
  },
} as const satisfies Readonly<Record<string, Excuse>>;

export type ExcuseName = keyof typeof excuses;

import { CORE_SCHEMA, constructFromEvents, EVENT_ID, type Event, mergeTag, parseEvents, YAMLException } from 'js-yaml';
import { err, ok, type Result } from '../lib/result.ts';

/** YAML 1.2 core schema, with the merge keys (`<<`) that kubectl accepts. JSON is read as the YAML that it is. */
const schema = CORE_SCHEMA.withTags(mergeTag);

const limits = {
  /** Nesting of collections. */
  maxDepth: 100,
  /** `*alias` nodes in one document. */
  maxAliases: 1_000,
  /** Keys copied by `<<` in one file. */
  maxTotalMergeKeys: 10_000,
} as const;

/** Values in a file once every alias stands for what it names; bounds "billion laughs" documents. */
const expansionLimit = 1_000_000;

export interface YamlFault {
  readonly kind: 'syntax' | 'aliases';
  readonly reason: string;
  /** Offset in the text, where it is known. */
  readonly offset?: number;
}

/** The documents of a text, in order; an empty document is `null`. Never throws. */
export function parseYaml(text: string): Result<readonly unknown[], YamlFault> {
  try {
    const events = parseEvents(text, { maxDepth: limits.maxDepth });
    const documents = constructFromEvents(events, { source: text, schema, ...limits });
    const alias = events.some(({ type }) => type === EVENT_ID.ALIAS);
    const reason = alias ? expansionFault(documents) : undefined;
    return reason === undefined ? ok(documents) : err({ kind: 'aliases', reason });
  } catch (error) {
    return err(fault(error));
  }
}

/** The syntax of a text that `parseYaml` has accepted. */
export function yamlEvents(text: string): readonly Event[] {
  return parseEvents(text, { maxDepth: limits.maxDepth });
}

function fault(error: unknown): YamlFault {
  if (!(error instanceof YAMLException)) return { kind: 'syntax', reason: String(error) };
  const kind = /alias|merge keys/.test(error.reason) ? 'aliases' : 'syntax';
  return { kind, reason: error.reason, ...(error.mark === undefined ? {} : { offset: error.mark.position }) };
}

/** Why documents with aliases cannot be used: they contain themselves, or are too large when written out. */
function expansionFault(documents: readonly unknown[]): string | undefined {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  let cyclic = false;
  const size = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) {
      cyclic = true;
      return 1;
    }
    open.add(value);
    let sum = 1;
    for (const child of Object.values(value)) sum += size(child);
    open.delete(value);
    sizes.set(value, sum);
    return sum;
  };
  let total = 0;
  for (const document of documents) total += size(document);
  if (cyclic) return 'an alias refers to a value that contains it';
  return total > expansionLimit ? `its aliases stand for more than ${expansionLimit} values` : undefined;
}

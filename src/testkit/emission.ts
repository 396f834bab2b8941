import type { Artifact, Loss, Translator, UnitId } from '../adapter/contract.ts';
import { identityOf } from '../adapter/identity.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { describeObject } from '../diagnostics/origin.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { MeshModel } from '../model/types.ts';

/** An artifact, and the unit that it came out of: those of a data plane may say the same thing in several ways, one a view. */
export interface Emitted extends Artifact {
  readonly unit: UnitId;
  /** The body as bytes that must be the same; the order of keys means nothing in messages that the adapter encodes itself. */
  readonly text: string;
}

/** What an adapter made of a model: documents, or the reasons why there are none. */
export interface Observed {
  readonly artifacts: readonly Emitted[];
  readonly losses: readonly Loss[];
  readonly refusals: readonly Diagnostic[];
}

/** Emits as `translate` does: nothing of what is refused. */
export function observe(adapter: Translator, model: MeshModel, options: unknown): Observed {
  const refusals = adapter.refuse?.(model, options) ?? [];
  if (refusals.length > 0) return { artifacts: [], losses: [], refusals };
  const losses: Loss[] = [];
  const context = { options, report: (loss: Loss) => void losses.push(loss) };
  const artifacts = adapter
    .units(model, { options })
    .flatMap((unit) => adapter.emitUnit(model, unit, context).map((artifact) => emitted(adapter, unit, artifact)));
  return { artifacts, losses, refusals };
}

export function emitted(adapter: Translator, unit: UnitId, artifact: Artifact): Emitted {
  const text = 'encode' in adapter ? canonicalJson(artifact.body) : JSON.stringify(artifact.body);
  return { ...artifact, unit, text };
}

function placeOf(artifact: Emitted): string {
  return `${artifact.unit} ${identityOf(artifact)}`;
}

/** How an artifact is named to people. */
export function shownName({ name, format }: Artifact): string {
  return `${format.slice(format.lastIndexOf('/') + 1)} ${name}`;
}

export function originText({ object, path }: Artifact['origins'][number]): string {
  return path === '' ? describeObject(object) : `${describeObject(object)} ${path}`;
}

/** What is different in one emission against another, as sentences; `expected` and `seen` are called so in them. */
export function differences(
  before: Observed,
  after: Observed,
  { relevant = () => true }: { readonly relevant?: (artifact: Emitted) => boolean } = {},
): readonly string[] {
  const now = new Map(after.artifacts.map((artifact) => [placeOf(artifact), artifact]));
  const then = new Set(before.artifacts.map(placeOf));
  return [
    ...before.artifacts.flatMap((artifact) => {
      const same = now.get(placeOf(artifact));
      if (same === undefined) return [`${shownName(artifact)} is gone`];
      if (!relevant(same)) return [];
      return firstDifference(bytesOf(artifact), bytesOf(same)).map((text) => `${shownName(artifact)} differs: ${text}`);
    }),
    ...after.artifacts
      .filter((artifact) => !then.has(placeOf(artifact)) && relevant(artifact))
      .map((artifact) => `${shownName(artifact)} is new`),
  ];
}

function bytesOf({ text, origins }: Emitted): string {
  return `${text} from ${origins.map(originText).sort().join(', ')}`;
}

const shownLength = 60;

function firstDifference(a: string, b: string): readonly string[] {
  if (a === b) return [];
  let at = 0;
  while (a[at] === b[at]) at += 1;
  const from = Math.max(0, at - 20);
  const cut = (text: string) => text.slice(from, from + shownLength);
  return [`...${cut(a)}... became ...${cut(b)}...`];
}

import { defaultCompileOptions } from '../../../src/compile/options.ts';
import { parseObjectKey } from '../../../src/diagnostics/origin.ts';
import { reportFindings } from '../../../src/diagnostics/render-json.ts';
import { junitReport } from '../../../src/diagnostics/render-junit.ts';
import { sarifLog } from '../../../src/diagnostics/render-sarif.ts';
import { renderFinding } from '../../../src/diagnostics/render-text.ts';
import { plainStyle } from '../../../src/lib/text-style.ts';
import { type Validation, validateSourceSet } from '../../../src/library/validate.ts';
import { decide, decideInbound } from '../../../src/model/decide.ts';
import { convertObject } from '../../../src/smi/convert/convert.ts';
import { schemaFaults } from '../../../src/smi/schemas.ts';
import { versionsOf } from '../../../src/smi/versions.ts';
import { locateWritten } from '../../../src/smi/written.ts';
import { parseSource } from '../../../src/source/parse.ts';
import { combineSources, sourceOfBytes } from '../../../src/source/read.ts';
import type { SourceDocument } from '../../../src/source/types.ts';
import { inboundRequests, meshBase, outboundRequests } from '../../support/generate/mesh.ts';
import type { Random } from '../random.ts';

/** Services, pods and accounts that the generated names refer to. */
const base = parseSource('base.yaml', meshBase.map((object) => JSON.stringify(object)).join('\n---\n'));

/** Of the documents of a case: those that could be read as objects of SMI, and those that their schema accepts. */
export interface Examined {
  readonly objects: number;
  readonly valid: number;
}

/** Takes a file through everything that the tools do with one. Whatever it contains, nothing may throw. */
export function examine(bytes: Uint8Array, random: Random): Examined {
  const file = sourceOfBytes('case.yaml', bytes);
  const sources = locateWritten(combineSources([base, file]));
  const validation = validateSourceSet(sources, defaultCompileOptions);
  render(validation, random);
  ask(validation, random);
  const objects = file.documents.filter(({ key, kind }) => versionsOf(parseObjectKey(key).group, kind) !== undefined);
  if (random.chance(0.25)) for (const document of objects) convertSomewhere(document, random);
  return { objects: objects.length, valid: objects.filter(passesSchema).length };
}

const shownFindings = 10;

function render({ findings, sources: { lineOf } }: Validation, random: Random): void {
  for (const finding of findings.slice(0, shownFindings)) renderFinding(finding, { lineOf, style: plainStyle });
  if (!random.chance(0.05)) return;
  const counts = { errors: 0, warnings: 0, infos: 0, objects: 0, foreign: 0 };
  JSON.stringify(reportFindings(findings, 'fail', counts));
  JSON.stringify(sarifLog(findings, { version: '0', failed: true, suppressed: [] }));
  junitReport(findings, { files: ['case.yaml'], fails: () => true, startedAt: new Date(0), seconds: 1 });
}

const requestsEach = 3;

function ask({ model }: Validation, random: Random): void {
  for (let count = 0; count < requestsEach; count += 1) {
    const { targets } = decide(model, random.pick(outboundRequests));
    const sum = targets.reduce((total, target) => total + target.weight, 0);
    const whole = targets[0]?.total ?? 0;
    if (sum > whole) throw new Error(`the weights add up to ${sum}, not to ${whole}`);
    decideInbound(model, random.pick(inboundRequests));
  }
}

function convertSomewhere({ key, kind, object }: SourceDocument, random: Random): void {
  const { group } = parseObjectKey(key);
  const versions = versionsOf(group, kind)?.served ?? [];
  if (versions.length > 0) convertObject(object, `${group}/${random.pick(versions)}`);
}

function passesSchema({ key, kind, apiVersion, object }: SourceDocument): boolean {
  const { group } = parseObjectKey(key);
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1);
  if (!versionsOf(group, kind)?.served.includes(version)) return false;
  return schemaFaults(group, version, kind, object).length === 0;
}

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../median.ts';
import type { FrontendOptions } from '../options.ts';
import { measureKubectl } from './kubectl.ts';
import { type WrittenManifests, writeManifests } from './manifests.ts';
import { costOf, type ProcessCost } from './process-cost.ts';
import { installProgram } from './program.ts';
import type { Figure, FrontendReport } from './report.ts';
import { measureStages } from './stages.ts';

/** What the tools cost on many manifests: whole processes from outside, and the stages once the manifests are loaded. */
export async function runFrontend(options: FrontendOptions, progress: (line: string) => void): Promise<FrontendReport> {
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-bench-'));
  try {
    const manifests = join(folder, 'manifests');
    mkdirSync(manifests);
    const written = writeManifests(manifests, options);
    progress(`wrote ${written.documents} documents in ${written.files} files`);
    const processes = await measureProcesses(installProgram(folder), manifests, written, options, progress);
    const stages = measureStages(manifests, written);
    const kubectl = await measureKubectl({ ...written.oneNamespace, aside: folder }, progress);
    const { documents, files, bytes } = written;
    return {
      name: 'frontend',
      input: { documents, files, bytes, services: options.services },
      figures: [
        ...processes,
        { name: 'read, all files', value: stages.read, unit: 'ms' },
        { name: 'decode, all documents', value: stages.decode, unit: 'ms' },
        { name: 'compile, once decoded', value: stages.compile, unit: 'ms' },
        { name: '`explain` once loaded, the first', value: stages.explainFirst, unit: 'ms', limit: 50 },
        { name: '`explain` once loaded, the next', value: stages.explain, unit: 'ms', limit: 50 },
        ...kubectl.figures,
      ],
      notes: kubectl.notes,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly limitMillis: number;
  readonly limitMegabytes?: number;
}

async function measureProcesses(
  program: string,
  manifests: string,
  { documents, oneFile }: WrittenManifests,
  { rounds }: FrontendOptions,
  progress: (line: string) => void,
): Promise<readonly Figure[]> {
  const all: Command = { name: '`validate`', args: ['validate', manifests], limitMillis: 2_500, limitMegabytes: 600 };
  const commands: readonly Command[] = [
    all,
    { name: '`compile -o json`', args: ['compile', manifests, '-o', 'json'], limitMillis: 2_000 },
    { name: '`validate` of one file', args: ['validate', oneFile], limitMillis: 200 },
    { name: '`version`', args: ['version'], limitMillis: 120 },
  ];
  const costs = new Map<Command, ProcessCost[]>(commands.map((command) => [command, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const command of commands) {
      // Findings in a part of the manifests are no failure of the measurement.
      const cost = await costOf(program, command.args, { codes: [0, 1] });
      costs.get(command)?.push(cost);
      progress(`round ${round}/${rounds} ${command.name}: ${cost.wallMillis.toFixed(0)} ms`);
    }
  }
  const wallOf = (command: Command): number => median((costs.get(command) ?? []).map(({ wallMillis }) => wallMillis));
  const figures = commands.flatMap((command): readonly Figure[] => {
    const { name, limitMillis, limitMegabytes } = command;
    const peak = Math.max(...(costs.get(command) ?? []).map(({ peakBytes }) => peakBytes)) / 1e6;
    return [
      { name: `${name}, process`, value: wallOf(command), unit: 'ms', limit: limitMillis },
      ...(limitMegabytes === undefined
        ? []
        : [{ name: `${name}, peak memory`, value: peak, unit: 'MB', limit: limitMegabytes } as const]),
    ];
  });
  return [...figures, { name: '`validate`, documents', value: documents / (wallOf(all) / 1000), unit: 'documents/s' }];
}

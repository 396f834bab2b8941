import { readMesh } from '../../../src/conformance/targets/description.ts';
import { err, ok, type Result } from '../../../src/lib/result.ts';

/** What the command line of `npm run conformance:kind` says. */
export interface KindOptions {
  /** The cluster is left standing. */
  readonly keep: boolean;
  readonly mesh: string;
  /** Of the nodes; absent: the one that this version of kind knows. */
  readonly image?: string;
  /** What the cluster is like, in the words of kind. */
  readonly config: string;
  /** A shell command that installs somebody else's mesh, with KUBECONFIG set. */
  readonly install?: string;
  /** For `smi-cli conformance run`. */
  readonly others: readonly string[];
}

export interface Step {
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
}

export interface Plan {
  /** One after the other, until one fails. */
  readonly steps: readonly Step[];
  /** After a step that failed. */
  readonly onFailure: readonly Step[];
  /** At the end, whatever happened. */
  readonly finally: readonly Step[];
}

export interface Surroundings {
  readonly kind: string;
  readonly node: string;
  readonly kubeconfig: string;
  /** An archive with the images of mesh and test application. */
  readonly images: string;
  /** Of the test application, as the archive names it. */
  readonly application: string;
  /** Values of our chart. */
  readonly values: string;
  /** Where logs go. */
  readonly logs: string;
}

/** The name of the cluster; one runs at a time. */
export const clusterName = 'smi-conformance';
const usualConfig = 'conformance/kind.yaml';
const usualMesh = 'conformance/meshes/smi-mesh.yaml';
const switches = ['--mesh', '--image', '--config', '--install'] as const;

/** Reads the command line; the error is a sentence with the next step. */
export function parseKindOptions(argv: readonly string[]): Result<KindOptions, string> {
  const found = new Map<string, string>();
  const others: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] ?? '';
    const [, name = argument, inline] = /^(--\w+)=(.*)$/s.exec(argument) ?? [];
    if (!(switches as readonly string[]).includes(name)) {
      others.push(argument);
      continue;
    }
    if (inline === undefined) at += 1;
    const value = inline ?? argv[at];
    if (value === undefined || value.startsWith('--')) return err(`${name} needs a value`);
    found.set(name, value);
  }
  const mesh = found.get('--mesh') ?? usualMesh;
  const read = readMesh(mesh);
  if (!read.ok) return err(`${read.error.message}. ${read.error.hint}`);
  if (read.value.kind !== 'cluster') return err(`${mesh}: describes a program; run it by --target program`);
  const [image, install] = [found.get('--image'), found.get('--install')];
  const ours = read.value.settles === 'smi-mesh-controller';
  if (!ours && install === undefined)
    return err(`${mesh} is another mesh; say by --install COMMAND how it is installed`);
  if (ours && install !== undefined) return err(`${mesh} is smi-mesh, which is installed here; leave --install out`);
  return ok({
    keep: others.includes('--keep'),
    mesh,
    config: found.get('--config') ?? usualConfig,
    ...(image === undefined ? {} : { image }),
    ...(install === undefined ? {} : { install }),
    others: others.filter((argument) => argument !== '--keep'),
  });
}

/** What is run: the cluster, its images, the mesh, the cases, and afterwards nothing is left but logs of a failure. */
export function kindPlan({ keep, mesh, image, config, install, others }: KindOptions, around: Surroundings): Plan {
  const { kind, node, kubeconfig, images, application, values, logs } = around;
  const [named, configured] = [`--name=${clusterName}`, `--kubeconfig=${kubeconfig}`];
  // Nodes of a cluster that did not come up have logs only while they are there.
  const cluster = [
    `--config=${config}`,
    ...(image === undefined ? [] : [`--image=${image}`]),
    '--wait=180s',
    '--retain',
  ];
  const cli = [node, 'src/cli/main.ts'] as const;
  const suite = ['--target=cluster', `--mesh=${mesh}`, `--image=${application}`, configured];
  const installation: Step['argv'] =
    install === undefined ? [...cli, 'install', '--timeout=240s', `--values=${values}`] : ['/bin/sh', '-c', install];
  return {
    steps: [
      { title: 'cluster', argv: [kind, 'create', 'cluster', named, configured, ...cluster] },
      { title: 'images', argv: [kind, 'load', 'image-archive', images, named] },
      { title: 'mesh', argv: installation },
      {
        title: 'cases',
        argv: [...cli, 'conformance', 'run', ...suite, ...(others.length === 0 ? ['--level=core'] : others)],
      },
    ],
    onFailure: [{ title: 'logs', argv: [kind, 'export', 'logs', logs, named] }],
    finally: keep ? [] : [{ title: 'end', argv: [kind, 'delete', 'cluster', named, configured] }],
  };
}

/**
 * Runs a plan; the status of the step that failed, or 0. `run` gives the status of a step. When `stop` is aborted no further step is
 * begun, and no logs are asked for: what is to be done at the end is done.
 */
export async function runPlan(
  plan: Plan,
  run: (step: Step) => Promise<number>,
  stop: AbortSignal = new AbortController().signal,
): Promise<number> {
  try {
    for (const step of plan.steps) {
      const status = await run(step);
      if (stop.aborted) return status;
      if (status === 0) continue;
      for (const each of plan.onFailure) await run(each);
      return status;
    }
    return 0;
  } finally {
    for (const each of plan.finally) await run(each);
  }
}

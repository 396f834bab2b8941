import { Command, Option } from 'commander';
import { nativeSidecarModes } from '../../config/controller/types.ts';
import { dataPlaneKinds } from '../../kubernetes/names.ts';
import type { InjectOptions } from '../inject/run.ts';

export function injectCommand(): Command {
  return new Command('inject')
    .description('add the sidecar to manifests of pods and of what makes pods; everything else is printed as it is')
    .argument('<path...>', 'files, folders, globs, or - for standard input')
    .addOption(new Option('--data-plane <kind>', 'of pods that name none').choices(dataPlaneKinds).default('proxy'))
    .addOption(
      new Option(
        '--native-sidecars <mode>',
        'sidecars as init containers that keep running; auto: from Kubernetes 1.29 on',
      )
        .choices(nativeSidecarModes)
        .default('auto'),
    )
    .option('--kubernetes-version <version>', 'of the cluster, such as 1.28, for auto; otherwise a current one')
    .option('--cni', 'the CNI plug-in redirects connections; no container needs a capability')
    .option('--image <reference>', 'image of the sidecar')
    .option('--envoy-image <reference>', 'image of Envoy')
    .option('--trust-domain <name>', 'SPIFFE trust domain of the mesh')
    .addOption(
      new Option('-o, --output <format>', 'format of what is printed').choices(['yaml', 'json']).default('yaml'),
    )
    .addHelpText(
      'after',
      '\nNamespaces need no label here: what is given is meant. Pods with the label smi-mesh.io/inject: disabled stay as they are. Comments are kept.' +
        '\nExit status: 0 printed, 1 errors in the manifests (nothing is printed), 2 wrong use.' +
        '\nExample:\n  smi-cli inject manifests/ | kubectl apply -f -',
    )
    .action(async (paths: readonly string[], options: InjectOptions) => {
      const { injectFiles } = await import('../inject/run.ts');
      process.exitCode = await injectFiles(paths, options);
    });
}

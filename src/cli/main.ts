import { Command, CommanderError } from 'commander';
import { packageVersion } from '../lib/package-version.ts';
import { adapterCommand } from './commands/adapter.ts';
import { agentCommand } from './commands/agent.ts';
import { checkCommand } from './commands/check.ts';
import { cniCommand, cniInstallCommand } from './commands/cni.ts';
import { compileCommand } from './commands/compile.ts';
import { completionCommand } from './commands/completion.ts';
import { conformanceCommand } from './commands/conformance.ts';
import { controlPlaneCommand } from './commands/control-plane.ts';
import { controllerCommand } from './commands/controller.ts';
import { convertCommand } from './commands/convert.ts';
import { dashboardCommand } from './commands/dashboard.ts';
import { describeCommand } from './commands/describe.ts';
import { diffCommand } from './commands/diff.ts';
import { explainCommand } from './commands/explain.ts';
import { importCommand } from './commands/import.ts';
import { injectCommand } from './commands/inject.ts';
import { installCommand, upgradeCommand } from './commands/install.ts';
import { interceptCommand } from './commands/intercept.ts';
import { matrixCommand } from './commands/matrix.ts';
import { proxiesCommand } from './commands/proxies.ts';
import { proxyCommand } from './commands/proxy.ts';
import { sidecarCommand } from './commands/sidecar.ts';
import { sidecarWaitCommand } from './commands/sidecar-wait.ts';
import { supportCommand } from './commands/support.ts';
import { tapCommand } from './commands/tap.ts';
import { testCommand } from './commands/test.ts';
import { edgesCommand, topCommand, topologyCommand } from './commands/traffic.ts';
import { translateCommand } from './commands/translate.ts';
import { uninstallCommand } from './commands/uninstall.ts';
import { upCommand } from './commands/up.ts';
import { validateCommand } from './commands/validate.ts';
import { versionCommand } from './commands/version.ts';
import { waitCommand } from './commands/wait.ts';
import { xdsCommand } from './commands/xds.ts';
import { exitCodes } from './exit-codes.ts';
import { tolerateClosedPipe } from './output.ts';
import { reportUnreachable, Unreachable } from './unreachable.ts';

/** Every command, in the order of the help. A command loads what is heavy inside its action, so that others start fast. */
const commands: readonly (() => Command)[] = [
  validateCommand,
  convertCommand,
  importCommand,
  compileCommand,
  translateCommand,
  adapterCommand,
  explainCommand,
  diffCommand,
  matrixCommand,
  testCommand,
  conformanceCommand,
  upCommand,
  installCommand,
  upgradeCommand,
  uninstallCommand,
  checkCommand,
  describeCommand,
  supportCommand,
  proxiesCommand,
  tapCommand,
  waitCommand,
  topCommand,
  edgesCommand,
  topologyCommand,
  dashboardCommand,
  proxyCommand,
  controlPlaneCommand,
  controllerCommand,
  xdsCommand,
  injectCommand,
  interceptCommand,
  sidecarCommand,
  agentCommand,
  sidecarWaitCommand,
  cniCommand,
  cniInstallCommand,
  versionCommand,
  completionCommand,
];

function createProgram(): Command {
  const program = new Command()
    .name(process.env.SMI_CLI_NAME ?? 'smi-cli')
    .description('Checks, explains and runs Service Mesh Interface (SMI) resources.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .showHelpAfterError("(run with '--help' for what is possible)")
    .exitOverride();
  for (const create of commands) program.addCommand(inherit(create(), program));
  return program;
}

/** Commands that are added rather than declared in place take over the program's behaviour on wrong use only when told. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** Runs one command line; actions report findings by `process.exitCode`, wrong use ends here. */
async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedPipe();
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    if (error instanceof Unreachable) {
      process.exitCode = await reportUnreachable(error);
      return;
    }
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  }
}

await main(process.argv);

import { Argument, Command } from 'commander';
import { type CompletionWord, completionScript, type Shell, shells } from '../completion.ts';

export function completionCommand(): Command {
  return new Command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', '\nbash: source <(smi-cli completion bash)\nfish: smi-cli completion fish | source')
    .action((shell: Shell, _options: unknown, command: Command) => {
      process.stdout.write(completionScript(shell, words(command.parent ?? command)));
    });
}

function words(program: Command): readonly CompletionWord[] {
  return program.commands.map((command) => ({
    command: command.name(),
    description: command.description(),
    options: command.options.flatMap((option) => (option.long ? [option.long] : [])),
  }));
}

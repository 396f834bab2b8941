export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export interface CompletionWord {
  readonly command: string;
  readonly description: string;
  /** Long options with their dashes. */
  readonly options: readonly string[];
}

/** A script that completes commands, then the options of the command, then files. */
export function completionScript(shell: Shell, words: readonly CompletionWord[]): string {
  switch (shell) {
    case 'bash':
      return bash(words);
    case 'zsh':
      return zsh(words);
    case 'fish':
      return fish(words);
  }
}

function bash(words: readonly CompletionWord[]): string {
  const cases = words.map(({ command, options }) => `    ${command}) options='${options.join(' ')}' ;;`);
  return `_smi_cli() {
  local current=\${COMP_WORDS[COMP_CWORD]} options=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${words.map(({ command }) => command).join(' ')}' -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _smi_cli smi-cli
`;
}

function zsh(words: readonly CompletionWord[]): string {
  const described = words.map(({ command, description }) => `    ${quote(`${command}:${description}`)}`);
  const cases = words.map(({ command, options }) => `    ${command}) options=(${options.join(' ')}) ;;`);
  return `#compdef smi-cli
_smi_cli() {
  local -a commands options
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case \${words[2]} in
${cases.join('\n')}
  esac
  compadd -- $options
  _files
}
compdef _smi_cli smi-cli
`;
}

function fish(words: readonly CompletionWord[]): string {
  const lines = words.flatMap(({ command, description, options }) => [
    `complete -c smi-cli -n __fish_use_subcommand -f -a ${command} -d ${quote(description)}`,
    ...options.map((option) => `complete -c smi-cli -n '__fish_seen_subcommand_from ${command}' -l ${option.slice(2)}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

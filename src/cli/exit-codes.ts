/** What smi-cli's exit status says to scripts. */
export const exitCodes = {
  fine: 0,
  /** Diagnostics at or above `--fail-on`. */
  findings: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** Something that the command needs could not be reached. */
  unreachable: 3,
  /** By SIGINT or SIGTERM, before the work was done; as shells say it of SIGINT. */
  stopped: 130,
} as const;

import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `add PGID` and `drop PGID`; when its input ends, whether by a clean stop or because the supervisor died, it stops
 * every process group that is still there.
 */
const script = `
groups=' '
while read -r action group; do
  case $action in
    add) groups="$groups$group " ;;
    drop) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
[ "$groups" = ' ' ] && exit 0
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
sleep 2
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0
`;

/** Makes sure that no process group outlives the supervisor, however it ends. */
export interface Guard {
  add(group: number): void;
  drop(group: number): void;
  /** Ends the guard; groups that were not dropped are stopped. */
  close(): Promise<void>;
}

export function startGuard(): Guard {
  // Its own session: a signal to the terminal's foreground group must not take it away before its work.
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = whenEnded(child);
  child.stdin.on('error', () => undefined);
  const say = (action: string, group: number) => {
    if (child.stdin.writable) child.stdin.write(`${action} ${group}\n`);
  };
  return {
    add: (group) => say('add', group),
    drop: (group) => say('drop', group),
    close: () => {
      child.stdin.end();
      return ended;
    },
  };
}

function whenEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

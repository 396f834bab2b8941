import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second of /proc/PID/stat (proc(5)); 100 on every common Linux. */
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).trim());

interface ProcessStat {
  readonly parent: number;
  /** User and system time of the process, all its threads and the children that it has waited for. */
  readonly ticks: number;
}

/** CPU time in microseconds and resident memory in bytes of a process and all its descendants. */
export function usageOf(pid: number): { readonly cpuMicros: number; readonly rssBytes: number } {
  let ticks = 0;
  let rssBytes = 0;
  for (const member of familyOf(pid)) {
    ticks += readStat(member)?.ticks ?? 0;
    rssBytes += residentBytes(member);
  }
  return { cpuMicros: (ticks * 1e6) / ticksPerSecond, rssBytes };
}

function familyOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = readStat(Number(name))?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const family = [pid];
  for (const member of family) family.push(...(children.get(member) ?? []));
  return family;
}

/** Undefined when the process is gone. */
function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces: count fields from the last parenthesis (state is field 3).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const at = (field: number): number => Number(fields[field - 3]);
    return { parent: at(4), ticks: at(14) + at(15) + at(16) + at(17) };
  } catch {
    return undefined;
  }
}

function residentBytes(pid: number): number {
  try {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

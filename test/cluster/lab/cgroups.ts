import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const listFile = 'cgroups.json';

/** Makes a control group for a node in every hierarchy, below this process's, and notes them in its folder for their removal. */
export function createCgroups(folder: string, number: number): readonly string[] {
  const groups = readFileSync('/proc/self/cgroup', 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const hierarchy = controllers === '' ? 'unified' : controllers.replace(/^name=/, '');
      return { parent: join('/sys/fs/cgroup', hierarchy, path), cpuset: controllers === 'cpuset' };
    })
    .filter(({ parent }) => existsSync(parent));
  const name = `smi-mesh-lab-${process.pid}-${number}`;
  const made = groups.map(({ parent }) => join(parent, name));
  writeFileSync(join(folder, listFile), JSON.stringify(made));
  for (const { parent, cpuset } of groups) {
    mkdirSync(join(parent, name), { recursive: true });
    // A new group of this hierarchy has neither, and takes no process then.
    for (const file of cpuset ? ['cpuset.cpus', 'cpuset.mems'] : []) {
      writeFileSync(join(parent, name, file), readFileSync(join(parent, file)));
    }
  }
  return made;
}

/** Kills what is left in the control groups of a node, and removes them. */
export async function removeCgroups(folder: string): Promise<void> {
  const list = join(folder, listFile);
  if (!existsSync(list)) return;
  const groups = (JSON.parse(readFileSync(list, 'utf8')) as readonly string[]).filter((group) => existsSync(group));
  const deadline = Date.now() + 20_000;
  while (groups.some((group) => !tryRemove(group)) && Date.now() < deadline) await delay(50);
}

/** Groups in groups first. A group with a process cannot be removed. */
function tryRemove(group: string): boolean {
  if (!existsSync(group)) return true;
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) tryRemove(join(group, entry.name));
  }
  try {
    rmdirSync(group);
    return true;
  } catch {
    killAll(group);
    return false;
  }
}

function killAll(group: string): void {
  try {
    for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
      if (Number(pid) > 1) process.kill(Number(pid), 'SIGKILL');
    }
  } catch {
    // It ended by itself, or the whole group is gone.
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, until } from '../../e2e/support/mesh.ts';
import { meshImages, toolsImage } from '../lab/images.ts';
import { startLab } from '../lab/lab.ts';

/** The control groups of a lab's nodes. */
function groupsOf(folder: string): readonly string[] {
  const lists = readdirSync(folder).map((name) => join(folder, name, 'cgroups.json'));
  return lists.filter((list) => existsSync(list)).flatMap((list) => JSON.parse(readFileSync(list, 'utf8')) as string[]);
}

/** Everything of a lab that can be seen on this machine. */
function traces(folder: string, groups: readonly string[]): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const processes = pids.map((pid) => ({ pid, command: commandOf(pid) }));
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return [
    ...[folder, ...groups].filter((path) => existsSync(path)),
    ...Object.keys(networkInterfaces()).filter((name) => name.startsWith('smi-lab')),
    ...processes
      .filter(({ command }) => command.includes(folder))
      .map(({ pid, command }) => `process ${pid}: ${command}`),
    ...mounts.filter((line) => line.includes(folder)),
  ];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

const panicFiles = ['/proc/sys/kernel/panic', '/proc/sys/kernel/panic_on_oops'];
const panic = (): readonly string[] => panicFiles.map((file) => readFileSync(file, 'utf8').trim());
function setPanic(values: readonly string[]): void {
  for (const [index, file] of panicFiles.entries()) writeFileSync(file, values[index]!);
}

/** What no kubelet sets: a cluster that ran on this machine before may have left what one does. */
const unlikeKubelet = ['7', '0'];
const original = panic();

beforeAll(() => setPanic(unlikeKubelet));
afterAll(() => setPanic(original));

test('a lab has ready nodes, sets their clocks, loses one, and leaves nothing on the machine', {
  timeout: 240_000,
}, async () => {
  const lab = await startLab({ nodes: 2, clocks: true, images: [meshImages(console.log)] });
  let groups = groupsOf(lab.folder);
  expect(groups).not.toEqual([]);
  try {
    const nodes = await lab.must(['get', 'nodes', '--output=name']);
    expect(nodes).toBe('node/node-1\nnode/node-2\n');
    expect(panic()).not.toEqual(unlikeKubelet);
    const tell = 'setInterval(() => console.log(Date.now()), 100)';
    const pod = ['--image', toolsImage, '--', 'node', '--eval', tell];
    await lab.must(['run', 'clock', '--overrides={"spec":{"nodeName":"node-1"}}', ...pod]);
    await lab.must(['wait', '--for=condition=Ready', 'pod/clock', '--timeout=60s']);
    lab.node(1).setClock(-300);
    const behind = async () => Date.now() - Number(await lab.must(['logs', 'clock', '--tail=1']));
    await until(
      async () => (await behind()) > 290_000,
      30_000,
      () => 'the clock of the pod is five minutes behind',
    );
    await lab.addNode();
    groups = groupsOf(lab.folder);
    await lab.node(3).kill();
    await lab.must(['wait', '--for=condition=Ready=Unknown', 'node/node-3', '--timeout=60s']);
    await lab.killControl('kube-apiserver');
    await lab.killControl('etcd');
    await lab.startControl('etcd');
    await lab.startControl('kube-apiserver');
    expect(await lab.must(['get', 'nodes', '--output=name'])).toContain('node/node-3');
  } finally {
    await lab.stop();
  }
  expect(traces(lab.folder, groups)).toEqual([]);
  expect(panic()).toEqual(unlikeKubelet);
});

test('a run that is killed leaves nothing either', async () => {
  const script = fileURLToPath(new URL('../lab/abandoned.ts', import.meta.url));
  const run = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(run.stdout.setEncoding('utf8'), 'data');
  const folder = String(line).trim();
  const groups = groupsOf(folder);
  expect(traces(folder, groups).length).toBeGreaterThan(5);
  run.kill('SIGKILL');
  await until(
    () => !isAlive(run.pid!) && traces(folder, groups).length === 0,
    60_000,
    () => `nothing of ${traces(folder, groups).join('\n')}`,
  );
  expect(panic()).toEqual(unlikeKubelet);
});

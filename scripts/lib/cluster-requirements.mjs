// What a machine must have for a cluster with nodes: root, some programs, and namespaces and control groups of the kernel.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const packages = {
  containerd: ['/usr/bin/containerd', '/usr/bin/ctr'],
  runc: ['/usr/sbin/runc'],
  'containernetworking-plugins': ['/usr/lib/cni/bridge', '/usr/lib/cni/host-local', '/usr/lib/cni/portmap'],
  conntrack: ['/usr/sbin/conntrack'],
  socat: ['/usr/bin/socat'],
  iptables: ['/usr/sbin/iptables'],
  iproute2: ['/sbin/ip', '/usr/sbin/ip', '/usr/bin/ip'],
  gcc: ['/usr/bin/gcc'],
  'busybox-static': ['/bin/busybox'],
  curl: ['/usr/bin/curl'],
};
const anyOf = new Set(['iproute2']);

/** Why no cluster with nodes can run here and what to do about it, or undefined. */
export function missingForCluster() {
  if (process.getuid?.() !== 0)
    return { reason: 'it needs root', hint: 'run this as root, on a machine made for tests' };
  const missing = Object.entries(packages).filter(([name, files]) => {
    const present = files.map((file) => fs.existsSync(file));
    return anyOf.has(name) ? !present.includes(true) : present.includes(false);
  });
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(' ');
    return {
      reason: `it needs the Debian packages ${names}`,
      hint: `apt-get install --no-install-recommends ${names}`,
    };
  }
  const controllers = ['cpu', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd'];
  const absent = controllers.filter((name) => !fs.existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`));
  if (absent.length > 0) {
    return {
      reason: `control groups of version 1 are not mounted for ${absent.join(', ')}`,
      hint: 'mount them below /sys/fs/cgroup, or use a machine that has them',
    };
  }
  return missingInKernel();
}

const attempt =
  'ip link set lo up && ip link add bridge0 type bridge && ip link add veth0 type veth peer name veth1 && ' +
  'iptables -t nat -A OUTPUT -p tcp -m owner --uid-owner 1 -m comment --comment x -j REDIRECT --to-ports 1 && ' +
  'mount -t tmpfs t /mnt && mkdir /mnt/a /mnt/b /mnt/c /mnt/d && ' +
  'mount -t overlay o -o lowerdir=/mnt/a,upperdir=/mnt/b,workdir=/mnt/c /mnt/d';

function missingInKernel() {
  const namespaces = ['--net', '--mount', '--uts', '--ipc', '--pid', '--cgroup', '--fork'];
  const { status, stderr } = spawnSync('unshare', [...namespaces, '/bin/sh', '-c', attempt], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (status === 0) return undefined;
  const detail = (stderr ?? '').trim().split('\n').pop() || 'unshare failed';
  return {
    reason: `namespaces, bridges, interception by iptables or overlays do not work here (${detail})`,
    hint: 'use a machine, or a privileged container, whose kernel has them',
  };
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { apiClient } from '../support/client.ts';
import { type Program, startProgram } from '../support/process.ts';
import { apiserverUrl, controlPlaneAddress, serviceRange } from './addresses.ts';
import { tokenOf, writeKeys } from './keys.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { networkOf } from './shell.ts';

export type ControlProgram = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';

export interface ControlPlane {
  readonly keys: string;
  readonly kubeconfig: string;
  /** Starts one that is not running, again with what it stored. */
  start(program: ControlProgram): void;
  /** Kills one; nothing of it is asked to end well. */
  kill(program: ControlProgram): Promise<void>;
  /** Waits until the apiserver says that it is ready, unless it is meant to be down. */
  ready(): Promise<void>;
}

const readyTimeout = 60_000;
const etcdUrl = 'http://127.0.0.1:2379';

/** Starts a control plane in the network namespace of `holder`; its programs end with this process. */
export async function startControlPlane(programs: string, folder: string, holder: number): Promise<ControlPlane> {
  const keys = join(folder, 'keys');
  await writeKeys(keys);
  for (const user of ['admin', 'controller-manager', 'scheduler', 'proxy']) {
    writeFileSync(join(folder, `${user}.kubeconfig`), kubeconfigOf(keys, user), { mode: 0o600 });
  }
  const options = optionsOf(folder, keys);
  const running = new Map<ControlProgram, Program>();
  const start = (program: ControlProgram): void => {
    const command = [networkOf(holder), join(programs, program), ...options[program]];
    running.set(program, startProgram('nsenter', command, join(folder, `${program}.log`)));
  };
  const kill = async (program: ControlProgram): Promise<void> => {
    await running.get(program)?.stop(0);
    running.delete(program);
  };
  for (const program of Object.keys(options) as ControlProgram[]) start(program);
  const ready = () => untilReady(readFileSync(join(keys, 'ca.crt'), 'utf8'), running);
  await ready();
  return { keys, kubeconfig: join(folder, 'admin.kubeconfig'), start, kill, ready };
}

function optionsOf(folder: string, keys: string): Readonly<Record<ControlProgram, readonly string[]>> {
  const key = (name: string): string => join(keys, name);
  const fast = ['--kube-api-qps=500', '--kube-api-burst=1000', '--leader-elect=false', '--secure-port=0'];
  return {
    etcd: [
      '--name=lab',
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      '--listen-peer-urls=http://127.0.0.1:2380',
      '--initial-advertise-peer-urls=http://127.0.0.1:2380',
      '--initial-cluster=lab=http://127.0.0.1:2380',
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
    'kube-apiserver': apiserverOptions(key),
    'kube-controller-manager': [
      ...fast,
      `--kubeconfig=${join(folder, 'controller-manager.kubeconfig')}`,
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${key('accounts.key')}`,
      `--root-ca-file=${key('ca.crt')}`,
      `--cluster-signing-cert-file=${key('ca.crt')}`,
      `--cluster-signing-key-file=${key('ca.key')}`,
      `--service-cluster-ip-range=${serviceRange}`,
      // The ranges of the nodes are written in their CNI configurations.
      '--allocate-node-cidrs=false',
      '--node-monitor-period=2s',
      '--node-monitor-grace-period=16s',
    ],
    'kube-scheduler': [...fast, `--kubeconfig=${join(folder, 'scheduler.kubeconfig')}`],
  };
}

function apiserverOptions(key: (name: string) => string): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${controlPlaneAddress}`,
    `--advertise-address=${controlPlaneAddress}`,
    '--secure-port=6443',
    `--service-cluster-ip-range=${serviceRange}`,
    `--client-ca-file=${key('ca.crt')}`,
    `--tls-cert-file=${key('apiserver.crt')}`,
    `--tls-private-key-file=${key('apiserver.key')}`,
    `--token-auth-file=${key('tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--service-account-key-file=${key('accounts.pub')}`,
    `--service-account-signing-key-file=${key('accounts.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--kubelet-client-certificate=${key('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${key('apiserver-kubelet.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${key('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${key('front-proxy.crt')}`,
    `--proxy-client-key-file=${key('front-proxy.key')}`,
    // Webhooks and aggregated servers are reached at their pods: no kube-proxy runs beside the control plane.
    '--enable-aggregator-routing=true',
  ];
}

async function untilReady(ca: string, running: ReadonlyMap<ControlProgram, Program>): Promise<void> {
  const client = apiClient(apiserverUrl, ca, tokenOf('admin'));
  const deadline = Date.now() + readyTimeout;
  let last = '';
  while (Date.now() < deadline) {
    const apiserver = running.get('kube-apiserver');
    if (apiserver === undefined) return;
    if (apiserver.exited) throw new Error(`kube-apiserver ended:\n${apiserver.output().slice(-3000)}`);
    try {
      const { status, body } = await client.get('/readyz');
      if (status === 200) return;
      last = `/readyz answers ${status}: ${body.message ?? ''}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await delay(50);
  }
  throw new Error(`kube-apiserver is not ready after ${readyTimeout} ms: ${last}`);
}

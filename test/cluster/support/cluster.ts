import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../support/free-ports.ts';
import { writeFrontProxyKeys } from '../lab/keys.ts';
import type { ClusterAccess } from './access.ts';
import { apiClient } from './client.ts';
import { type Program, startProgram } from './process.ts';

export interface ClusterOptions {
  /** Notes every request of a ServiceAccount in `Cluster.auditLog`. */
  readonly audited?: true;
  /** Passes requests on to other API servers, and says whom it speaks for. */
  readonly aggregated?: true;
}

export interface Cluster extends ClusterAccess {
  /** A file with lines of JSON (audit.k8s.io/v1 Event), where the cluster is audited. */
  readonly auditLog: string;
  /** Where etcd answers plain HTTP. */
  readonly etcdUrl: string;
  /** Kills the apiserver at once. */
  stopApiserver(): Promise<void>;
  /** Starts the apiserver again, on the same port, and waits until it is ready. */
  startApiserver(): Promise<void>;
  /** Kills etcd at once and starts it again, with what it had stored; the apiserver goes on. */
  restartEtcd(): Promise<void>;
  /** Of its programs. */
  readonly pids: readonly number[];
  /** Ends both programs and removes everything that they wrote. */
  stop(): Promise<void>;
}

const readyTimeout = 60_000;
/** How often a start is tried when somebody takes a port between our choice of it and its use. */
const attempts = 3;
const tokens = { admin: 'admin-token', guest: 'guest-token' };

/** Starts etcd and kube-apiserver on the loopback interface, with data, keys and logs in a temporary folder. */
export async function startCluster(programs: string, options: ClusterOptions = {}): Promise<Cluster> {
  for (let attempt = 1; ; attempt += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-cluster-'));
    const running: Program[] = [];
    const stop = async (): Promise<void> => {
      // The apiserver first: without etcd it would wait for it.
      for (const program of running.toReversed()) await program.stop(2_000);
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      const access = await start(programs, folder, running, options);
      return { ...access, pids: running.flatMap(({ pid }) => pid ?? []), stop };
    } catch (error) {
      const outputs = running.map((program) => program.output()).join('\n');
      await stop();
      if (attempt === attempts || !outputs.includes('address already in use')) throw error;
    }
  }
}

type Started = ClusterAccess &
  Pick<Cluster, 'auditLog' | 'etcdUrl' | 'stopApiserver' | 'startApiserver' | 'restartEtcd'>;

async function start(programs: string, folder: string, running: Program[], options: ClusterOptions): Promise<Started> {
  const [client = 0, peer = 0, secure = 0] = await freePorts(3);
  const etcdUrl = `http://127.0.0.1:${client}`;
  const startEtcd = () =>
    startProgram(join(programs, 'etcd'), etcdArguments(folder, etcdUrl, peer), join(folder, 'etcd.log'));
  running.push(startEtcd());
  const keys = writeKeys(folder);
  const auditLog = join(folder, 'audit.log');
  const args = [
    ...apiserverArguments({ folder, keys, etcdUrl, port: secure }),
    ...(options.audited ? auditArguments(folder, auditLog) : []),
    ...(options.aggregated ? await aggregationArguments(folder) : []),
  ];
  const startApiserver = () => {
    running.push(startProgram(join(programs, 'kube-apiserver'), args, join(folder, 'kube-apiserver.log')));
  };
  startApiserver();
  const url = `https://127.0.0.1:${secure}`;
  const certificate = join(keys.certificates, 'apiserver.crt');
  const ca = await untilReady(url, certificate, running);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(url, ca));
  return {
    url,
    ca,
    adminToken: tokens.admin,
    guestToken: tokens.guest,
    kubeconfig,
    auditLog,
    etcdUrl,
    stopApiserver: async () => await running.pop()?.stop(0),
    startApiserver: async () => {
      startApiserver();
      await untilReady(url, certificate, running);
    },
    restartEtcd: async () => {
      await running[0]?.stop(0);
      running[0] = startEtcd();
      await untilReady(url, certificate, running);
    },
  };
}

/** The data lives as long as the tests, so nothing has to be safe on disk. */
function etcdArguments(folder: string, clientUrl: string, peerPort: number): readonly string[] {
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return [
    '--name=test',
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

interface Keys {
  /** Where the apiserver puts the certificate that it makes for itself. */
  readonly certificates: string;
  readonly tokens: string;
  readonly accountKey: string;
}

function writeKeys(folder: string): Keys {
  const keys = {
    certificates: join(folder, 'certificates'),
    tokens: join(folder, 'tokens.csv'),
    accountKey: join(folder, 'accounts.key'),
  };
  mkdirSync(keys.certificates);
  writeFileSync(keys.tokens, `${tokens.admin},admin,admin,"system:masters"\n${tokens.guest},guest,guest\n`);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(keys.accountKey, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  return keys;
}

function apiserverArguments(options: { folder: string; keys: Keys; etcdUrl: string; port: number }): readonly string[] {
  const { keys, etcdUrl, port } = options;
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${keys.certificates}`,
    `--token-auth-file=${keys.tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--service-account-key-file=${keys.accountKey}`,
    `--service-account-signing-key-file=${keys.accountKey}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    // Nobody makes the default accounts here, and pods would be refused without them.
    '--disable-admission-plugins=ServiceAccount',
  ];
}

async function aggregationArguments(folder: string): Promise<readonly string[]> {
  await writeFrontProxyKeys(folder);
  return [
    `--requestheader-client-ca-file=${join(folder, 'front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${join(folder, 'front-proxy.crt')}`,
    `--proxy-client-key-file=${join(folder, 'front-proxy.key')}`,
  ];
}

function auditArguments(folder: string, log: string): readonly string[] {
  const policy = join(folder, 'audit.json');
  const rules = [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }];
  const head = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] };
  writeFileSync(policy, JSON.stringify({ ...head, rules }));
  // Written before the answer is given, so that who has the answer finds the line.
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking-strict'];
}

/** Waits for `/readyz`; gives the certificate that the apiserver has made for itself. */
async function untilReady(url: string, certificate: string, running: readonly Program[]): Promise<string> {
  const deadline = Date.now() + readyTimeout;
  let last = 'it made no certificate';
  while (Date.now() < deadline) {
    const dead = running.find((program) => program.exited);
    if (dead !== undefined) throw new Error(`a program of the cluster ended:\n${tail(dead.output())}`);
    if (existsSync(certificate)) {
      const ca = readFileSync(certificate, 'utf8');
      try {
        const { status, body } = await apiClient(url, ca, tokens.admin).get('/readyz');
        if (status === 200) return ca;
        last = `/readyz answers ${status}: ${body.message ?? ''}`;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
    }
    await delay(50);
  }
  throw new Error(`kube-apiserver is not ready after ${readyTimeout} ms: ${last}`);
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-15).join('\n');
}

/** JSON is YAML too. */
function kubeconfigText(url: string, ca: string): string {
  const users = Object.entries(tokens);
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: users.map(([name, token]) => ({ name, user: { token } })),
    contexts: users.map(([name]) => ({ name, context: { cluster: 'test', user: name } })),
    'current-context': 'admin',
  });
}

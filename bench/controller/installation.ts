import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readChart } from '../../src/chart/chart.ts';
import { at } from '../../src/install/kinds.ts';
import { systemNames, systemNamespace } from '../../src/kubernetes/names.ts';
import type { Fields } from '../../src/lib/values.ts';
import { writeAccountKubeconfig } from '../../test/cluster/support/account-kubeconfig.ts';
import { type ApiClient, adminOf } from '../../test/cluster/support/client.ts';
import type { Cluster } from '../../test/cluster/support/cluster.ts';
import { ControllerProcess } from '../../test/cluster/support/controller.ts';
import { objectsPath, shippedCrds } from '../../test/cluster/support/crds.ts';
import { runKubectl } from '../../test/cluster/support/kubectl.ts';
import { freePort } from '../../test/support/free-ports.ts';
import { BenchFailure } from '../failure.ts';

const patienceMillis = 120_000;

/** What the chart brings to an apiserver, but for its pods: a process of this machine is the controller, with its rights. */
export class Installation {
  readonly #objects: readonly Fields[];
  readonly #client: ApiClient;
  readonly #cluster: Cluster;
  readonly #folder: string;
  readonly #webhookPort: number;

  private constructor(cluster: Cluster, folder: string, objects: readonly Fields[], webhookPort: number) {
    this.#cluster = cluster;
    this.#client = adminOf(cluster);
    this.#folder = folder;
    this.#objects = objects;
    this.#webhookPort = webhookPort;
  }

  /** Applies it, and lets a first replica bring definitions, certificates and authority. Nobody asks the webhooks yet. */
  static async make(cluster: Cluster, folder: string): Promise<Installation> {
    const release = { name: 'smi-mesh', namespace: systemNamespace, service: 'bench' };
    const rendered = readChart().render(release, { createNamespace: true });
    if (!rendered.ok) throw new BenchFailure(rendered.error.join('\n'));
    const objects = rendered.value.map(({ object }) => object);
    const installation = new Installation(cluster, folder, objects, await freePort());
    await installation.#apply();
    const first = installation.startController();
    try {
      await installation.#defined(first);
    } finally {
      await first.stop();
    }
    return installation;
  }

  startController(): ControllerProcess {
    const file = (name: string) => join(this.#folder, name);
    return new ControllerProcess({ kubeconfig: file('kubeconfig') }, [
      ...['--config', file('config.yaml'), '--state', file('state'), '--namespace', systemNamespace],
      ...['--webhook-port', String(this.#webhookPort)],
    ]);
  }

  /** From now on the apiserver asks the controller about each object. */
  async askWebhooks(): Promise<void> {
    for (const object of this.#objects.filter(({ kind }) => isWebhooks(kind))) {
      const webhooks = (at(object, 'webhooks') as readonly Fields[]).map((webhook) => ({
        ...webhook,
        clientConfig: {
          url: `https://127.0.0.1:${this.#webhookPort}${at(webhook, 'clientConfig', 'service', 'path')}`,
        },
      }));
      const path = `/apis/admissionregistration.k8s.io/v1/${String(object.kind).toLowerCase()}s`;
      const { status, body } = await this.#client.post(path, { ...object, webhooks });
      if (status !== 201) throw new BenchFailure(`${String(object.kind)}: ${body.message}`);
    }
  }

  async #apply(): Promise<void> {
    const items = this.#objects.filter(({ kind }) => kind !== 'Deployment' && !isWebhooks(kind));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const applied = await runKubectl(this.#cluster.kubeconfig, ['apply', '--server-side', '--filename=-'], list);
    if (applied.status !== 0) throw new BenchFailure(applied.stderr);
    const account = { namespace: systemNamespace, account: systemNames.controller };
    await writeAccountKubeconfig(this.#cluster, account, join(this.#folder, 'kubeconfig'));
    const config = this.#objects.find(({ kind }) => kind === 'ConfigMap');
    writeFileSync(join(this.#folder, 'config.yaml'), String(at(config, 'data', 'config.yaml')));
  }

  async #defined(controller: ControllerProcess): Promise<void> {
    const deadline = performance.now() + patienceMillis;
    for (const crd of shippedCrds()) {
      const version = crd.spec.versions.find(({ storage }) => storage)?.name ?? '';
      while ((await this.#client.get(objectsPath(crd, version))).status !== 200) {
        if (performance.now() > deadline)
          throw new BenchFailure(`${crd.metadata.name} is not served\n${controller.tail()}`);
        await delay(100);
      }
    }
  }
}

function isWebhooks(kind: unknown): boolean {
  return String(kind).endsWith('WebhookConfiguration');
}

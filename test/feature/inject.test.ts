import { load, loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';

const shop = `# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # its name
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        # the program
        - { name: web, image: web }
---
apiVersion: v1
kind: Service
metadata: { name: web } # stays
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: agent }
spec:
  hostNetwork: true
  containers: [{ name: agent, image: agent }]
`;

interface Written {
  readonly kind: string;
  readonly spec: {
    readonly template?: {
      readonly spec: Record<'containers' | 'initContainers', readonly { readonly name: string }[]>;
    };
  };
}

describe('smi-cli inject', () => {
  it('prints the manifests with sidecars, and everything else as it is', async () => {
    const { status, stdout, stderr } = await runCli(['inject', '-', '--native-sidecars', 'off'], { stdin: shop });
    expect([status, stderr]).toEqual([
      0,
      'Pod default/agent stays as it is: it uses the network of its node, where redirection would catch every program of the node\n',
    ]);
    for (const line of ['# The shop.', '  name: web # its name', '        # the program'])
      expect(stdout).toContain(line);
    expect(stdout.split('---\n').slice(1).join('---\n')).toBe(shop.split('---\n').slice(1).join('---\n'));
    const { containers, initContainers } = (loadAll(stdout) as readonly Written[])[0]?.spec.template?.spec ?? {};
    expect([containers, initContainers].map((list) => list?.map(({ name }) => name))).toEqual([
      ['smi-mesh-proxy', 'web'],
      ['smi-mesh-init'],
    ]);
  });

  it('prints what it printed once more as it is', async () => {
    const first = await runCli(['inject', '-', '--data-plane', 'envoy'], { stdin: shop });
    const second = await runCli(['inject', '-'], { stdin: first.stdout });
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).toContain('it has its sidecar already');
  });

  it('writes one list of JSON', async () => {
    const { stdout } = await runCli(['inject', '-', '-o', 'json', '--kubernetes-version', '1.28'], { stdin: shop });
    const { kind, items } = load(stdout) as { readonly kind: string; readonly items: readonly Written[] };
    expect([kind, items.map((item) => item.kind)]).toEqual(['List', ['Deployment', 'Service', 'Pod']]);
    expect(items[0]?.spec.template?.spec.containers).toHaveLength(2);
  });

  it('shows a wrong annotation at its line, and prints nothing then', async () => {
    const stdin = shop.replace(
      'labels: { app: web } }\n    spec',
      'annotations: { smi-mesh.io/exclude-uids: root } }\n    spec',
    );
    const { status, stdout, stderr } = await runCli(['inject', '-'], { stdin });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(
      'error[SMI6201]: the annotation smi-mesh.io/exclude-uids has "root", which is not a user id',
    );
    expect(stderr).toContain('--> <stdin>:9:');
  });

  it('wrong use is told as such', async () => {
    const { status, stderr } = await runCli(['inject', '-', '--kubernetes-version', 'new'], { stdin: shop });
    expect([status, stderr]).toEqual([2, 'error: "new" is not a version such as 1.28\n']);
  });
});

import { enterNetwork } from '../../cni/network-namespace.ts';
import { answerCni, type CniActions } from '../../cni/plugin.ts';
import { applyInterception, isIntercepted } from '../../interception/apply.ts';
import { connect } from '../../kubernetes-client/connect.ts';
import { err, ok } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import { readStdin } from '../check-sources.ts';

/** The runtime gives up after a while of its own; sooner, it can say why. */
const answerTimeout = 5_000;

const actions: CniActions = {
  async readPod(kubeconfig, namespace, name) {
    const connected = await connect({ kubeconfig, answerTimeout });
    if (!connected.ok) return err(connected.error.diagnostic.message);
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
    const found = await connected.value.get(path);
    if (!found.ok) return found.error.status === 404 ? ok(undefined) : err(found.error.diagnostic.message);
    const metadata = isRecord(found.value) && isRecord(found.value.metadata) ? found.value.metadata : {};
    const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
    const texts = Object.entries(annotations).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return ok(Object.fromEntries(texts));
  },
  async redirect(networkNamespace, { interception, dataPlane }) {
    const entered = await enterNetwork(networkNamespace);
    if (!entered.ok) return entered;
    const onProgress = (line: string): void => void process.stderr.write(`smi-mesh-cni: ${line}\n`);
    const applied = await applyInterception({ interception, envoy: dataPlane === 'envoy', onProgress });
    return applied.ok ? ok(undefined) : err(applied.error.message);
  },
  async isRedirected(networkNamespace) {
    const entered = await enterNetwork(networkNamespace);
    return entered.ok ? ok(await isIntercepted()) : entered;
  },
};

/** Answers one call of the container runtime; returns the exit code. */
export async function runPlugin(): Promise<number> {
  const input = new TextDecoder().decode(await readStdin());
  const { exitCode, output } = await answerCni({ environment: process.env, input }, actions);
  process.stdout.write(output);
  return exitCode;
}

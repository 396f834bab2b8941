// Starts an apiserver, prints how to reach it, and waits to be killed: what a test run that dies leaves behind.
import { ensureKubernetes } from '../../../scripts/kubernetes.mjs';
import { startCluster } from './cluster.ts';

console.log(JSON.stringify(await startCluster(ensureKubernetes())));
setInterval(() => undefined, 60_000);

// The test application of the conformance suite as a program: what it listens on stands in its environment.
//   LISTEN=http:8080,tcp:5432,udp:5353   CONTROL_PORT=9900   READY=true   POD_NAMESPACE, POD_NAME
import { controlServer } from './control-server.ts';
import { Counters } from './counters.ts';
import { type Listener, serve } from './serve.ts';

const { LISTEN = '', CONTROL_PORT = '9900', READY = 'true', ADDRESS = '::' } = process.env;
const { POD_NAMESPACE = 'default', POD_NAME = 'application' } = process.env;
const pod = `${POD_NAMESPACE}/${POD_NAME}`;
const counters = new Counters();

const listeners = LISTEN.split(',').flatMap((entry): readonly Listener[] => {
  if (entry === '') return [];
  const [protocol = '', port = ''] = entry.split(':');
  if (!['http', 'tcp', 'udp'].includes(protocol) || !(Number(port) > 0)) {
    throw new Error(`LISTEN: ${entry} is not PROTOCOL:PORT with http, tcp or udp`);
  }
  return [{ protocol: protocol as Listener['protocol'], address: ADDRESS, port: Number(port) }];
});

const stop = await serve(pod, listeners, counters);
const control = controlServer(pod, READY === 'true', counters).listen(Number(CONTROL_PORT), ADDRESS, () => {
  console.log(`${pod} listens: ${LISTEN || 'on no port'}; control port ${CONTROL_PORT}`);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    control.close();
    control.closeAllConnections();
    void stop();
  });
}

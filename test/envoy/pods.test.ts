import { cannotIntercept } from '../interop/support/network.ts';
import { envoyBinary } from '../support/envoy.ts';
import { describePods } from '../support/pods-in-namespaces/suite.ts';

const lacks = envoyBinary().reason ?? cannotIntercept();
if (lacks !== undefined && process.env.CI === 'true') throw new Error(lacks);

describePods('envoy', lacks, (line) =>
  line.includes('no container declares this port') ? (JSON.parse(line) as { readonly port: number }).port : undefined,
);

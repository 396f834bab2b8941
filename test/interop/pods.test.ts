import { describePods } from '../support/pods-in-namespaces/suite.ts';
import { cannotIntercept } from './support/network.ts';

const lacks = cannotIntercept();
if (lacks !== undefined && process.env.CI === 'true') throw new Error(lacks);

describePods('proxy', lacks, (line) => {
  const [, port] = / refused inbound connection .* port (\d+) reason=/.exec(line) ?? [];
  return port === undefined ? undefined : Number(port);
});

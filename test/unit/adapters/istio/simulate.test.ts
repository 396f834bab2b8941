import { expect, test } from 'vitest';
import { istioAdapter } from '../../../../adapters/istio/index.ts';
import { defaultOptions } from '../../../../adapters/istio/options.ts';
import type { Artifact } from '../../../../src/adapter/contract.ts';
import { workloadId } from '../../../../src/model/ids.ts';
import { shippedModels } from '../../../../src/testkit/index.ts';
import { translate } from '../../../../src/translate/translate.ts';

const found = shippedModels().find(({ name }) => name === 'access-pods');
if (found === undefined) throw new Error('there is no such model');
const { model } = found;
const { artifacts } = translate(istioAdapter, model, defaultOptions);

/** What becomes of a request of `jobs`, which has the account of those that are let in, and not their labels. */
function verdict(documents: readonly Artifact[]) {
  const from = workloadId('default', 'jobs');
  const to = { host: 'shop.default.svc.cluster.local', port: 80 };
  const done = istioAdapter.simulate?.(
    documents,
    model,
  )({ kind: 'http', from, to, method: 'GET', path: '/', headers: {} });
  return done?.outcome === 'routed' ? done.targets.map((target) => target.verdict) : done;
}

test('a list of addresses that is empty asks for none', () => {
  const text = JSON.stringify(artifacts);
  const emptied = text.replaceAll(/"ipBlocks":\[[^\]]*\]/g, '"ipBlocks":[]');
  expect(emptied).not.toBe(text);
  expect(verdict(artifacts)).toEqual(['deny']);
  expect(verdict(JSON.parse(emptied) as readonly Artifact[])).toEqual(['allow']);
});

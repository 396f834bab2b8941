import { systemNames } from '../../kubernetes/names.ts';
import { at } from '../kinds.ts';
import { tryWebhooks } from '../trial.ts';
import { type Check, reporter } from './result.ts';

const report = reporter('webhooks');
const configurations = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'] as const;

export const checkWebhooks: Check = async ({ connection }) => {
  for (const plural of configurations) {
    const found = await connection.get(
      `/apis/admissionregistration.k8s.io/v1/${plural}/${systemNames.webhookConfiguration}`,
    );
    if (!found.ok) return [report.error(`${plural} smi-mesh: ${found.error.diagnostic.message}`, 'smi-cli upgrade')];
    if (at(found.value, 'webhooks', 0, 'clientConfig', 'caBundle') === undefined) {
      const message = `${plural} smi-mesh: the apiserver is not told whom to trust`;
      return [report.error(message, 'The leader of the controller says it; its log says what hinders.')];
    }
  }
  const trials = await tryWebhooks(connection);
  return trials.map(({ name, fault }) => {
    if (fault === undefined) return report.ok(`${name} works`);
    return report.error(`${name} does not work: ${fault}`, 'The apiserver has to reach port 9443 of the controller.');
  });
};

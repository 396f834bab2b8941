import { at, installedKinds } from '../kinds.ts';
import { type Check, notRead, reporter } from './result.ts';

const report = reporter('rights');

/** Whether the user may do what an installation does. */
export const checkRights: Check = async ({ connection, namespace }) => {
  const wanted = installedKinds.filter(({ apiVersion }) => !apiVersion.startsWith('cert-manager.io/'));
  const lacking: string[] = [];
  for (const { apiVersion, plural, namespaced } of wanted) {
    const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
    const resourceAttributes = { group, resource: plural, verb: 'patch', ...(namespaced ? { namespace } : {}) };
    const review = await connection.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    });
    if (!review.ok) return notRead(report, review.error);
    if (at(review.value, 'status', 'allowed') !== true) lacking.push(plural);
  }
  if (lacking.length === 0) return [report.ok('this user may install smi-mesh')];
  const message = `this user may not change ${lacking.join(', ')}`;
  return [report.error(message, 'Use an account with the ClusterRole cluster-admin to install.')];
};

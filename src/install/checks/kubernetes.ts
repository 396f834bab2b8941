import { at } from '../kinds.ts';
import { type Check, notRead, reporter } from './result.ts';

const report = reporter('Kubernetes');
/** The oldest minor version of Kubernetes 1 that the chart is for, and the first with native sidecars. */
const oldest = 28;
const nativeSidecars = 29;

export const checkKubernetes: Check = async ({ connection }) => {
  const version = await connection.get('/version');
  if (!version.ok) return notRead(report, version.error);
  const name = String(at(version.value, 'gitVersion'));
  const minor = Number.parseInt(String(at(version.value, 'minor')), 10);
  if (at(version.value, 'major') !== '1' || !(minor >= oldest)) {
    return [report.error(`the apiserver is ${name}`, `Kubernetes 1.${oldest} or newer is needed.`)];
  }
  const results = [report.ok(`the apiserver is ${name}`)];
  if (minor >= nativeSidecars) return results;
  const message = 'sidecars are ordinary containers here: they start beside programs, and hold Jobs up';
  return [...results, report.warning(message, `Kubernetes 1.${nativeSidecars} has containers for sidecars.`)];
};

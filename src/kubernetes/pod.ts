import type { SourceDocument } from '../source/types.ts';
import type { Field } from './field.ts';
import { decodeMeta } from './meta.ts';
import { sidecarContainers } from './names.ts';
import { decodePodSpec } from './pod-spec.ts';
import type { PodObject, PodSpecObject } from './types.ts';

const ownContainers: ReadonlySet<string> = new Set(Object.values(sidecarContainers));

/** Their addresses stay in their status, and may be those of others already. */
const finished: ReadonlySet<string> = new Set(['Succeeded', 'Failed']);

export function decodePod(document: SourceDocument, root: Field): PodObject {
  const status = root.at('status');
  const spec = root.at('spec');
  const nodeName = spec.at('nodeName').text();
  const uid = root.at('metadata').at('uid').text();
  const leaves = root.at('metadata').at('deletionTimestamp').present;
  const over = finished.has(status.at('phase').text() ?? '');
  const serves = isReady(status) && !over;
  const ready = status.present ? serves && !leaves : undefined;
  return {
    meta: decodeMeta(document, root, 'subdomain'),
    ...(uid === undefined || uid === '' ? {} : { uid }),
    spec: withoutSidecar(decodePodSpec(spec)),
    ...(spec.at('hostNetwork').flag() === true ? { hostNetwork: true } : {}),
    ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
    ips: over ? [] : podAddresses(status),
    ...(ready === undefined ? {} : { ready }),
    ...(serves && leaves ? { ends: true } : {}),
  };
}

/** The ports of a sidecar are no ports of the workload. */
function withoutSidecar(spec: PodSpecObject): PodSpecObject {
  const containers = spec.containers.filter(({ name }) => !ownContainers.has(name));
  return containers.length === spec.containers.length ? spec : { ...spec, containers };
}

function podAddresses(status: Field): readonly string[] {
  const several = status
    .at('podIPs')
    .items()
    .flatMap((item) => item.at('ip').text() ?? []);
  const single = status.at('podIP').text();
  return several.length > 0 || single === undefined || single === '' ? several : [single];
}

function isReady(status: Field): boolean {
  return status
    .at('conditions')
    .items()
    .some((condition) => condition.at('type').text() === 'Ready' && condition.at('status').text() === 'True');
}

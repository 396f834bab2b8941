import { type Fields, isRecord } from '../../lib/values.ts';

/**
 * What is kept of an object: the fields that decide something. The apiserver changes others all the time, and a cluster
 * has many pods.
 */
export function trimmed(kind: string, object: Fields): Fields {
  const { apiVersion, kind: named, metadata, spec, status, ...rest } = object;
  const kept = { apiVersion, kind: named, metadata: only(metadata, metadataFields) };
  if (kind === 'Pod') return { ...kept, spec: podSpec(spec), status: podStatus(status) };
  return { ...kept, ...(spec === undefined ? {} : { spec }), ...rest };
}

const metadataFields = [
  'name',
  'namespace',
  'uid',
  'generation',
  'labels',
  'annotations',
  'ownerReferences',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
];

function podSpec(spec: unknown): Fields {
  const containers = isRecord(spec) && Array.isArray(spec.containers) ? spec.containers : [];
  return {
    ...only(spec, ['serviceAccountName', 'serviceAccount', 'nodeName', 'hostNetwork']),
    containers: containers.map((container) => only(container, ['name', 'ports'])),
  };
}

function podStatus(status: unknown): Fields {
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  const ready = conditions.filter((condition) => isRecord(condition) && condition.type === 'Ready');
  const phase = isRecord(status) ? status.phase : undefined;
  return {
    ...only(status, ['podIP', 'podIPs']),
    // That it was pending first decides nothing.
    ...(phase === 'Succeeded' || phase === 'Failed' ? { phase } : {}),
    conditions: ready.map((condition) => only(condition, ['type', 'status'])),
  };
}

function only(value: unknown, fields: readonly string[]): Fields {
  if (!isRecord(value)) return {};
  return Object.fromEntries(fields.flatMap((field) => (value[field] === undefined ? [] : [[field, value[field]]])));
}

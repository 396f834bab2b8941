import type { SourceDocument } from '../source/types.ts';
import type { Field } from './field.ts';
import { decodeMeta } from './meta.ts';
import { decodePodSpec } from './pod-spec.ts';
import type { PodObject } from './types.ts';

export function decodePod(document: SourceDocument, root: Field): PodObject {
  const status = root.at('status');
  const nodeName = root.at('spec').at('nodeName').text();
  const ready = status.present ? isReady(status) : undefined;
  return {
    meta: decodeMeta(document, root, 'subdomain'),
    spec: decodePodSpec(root.at('spec')),
    ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
    ips: podAddresses(status),
    ...(ready === undefined ? {} : { ready }),
  };
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

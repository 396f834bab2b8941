import type { SourceDocument } from '../source/types.ts';
import { type Field, portNumbers } from './field.ts';
import { decodeMeta } from './meta.ts';
import type { ServiceObject, ServicePortObject } from './types.ts';

export const protocols = ['TCP', 'UDP', 'SCTP'] as const;
const serviceTypes = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;

export function decodeService(document: SourceDocument, root: Field): ServiceObject {
  const spec = root.at('spec');
  const selector = spec.at('selector').textMap();
  const single = spec.at('clusterIP').text();
  const several = spec.at('clusterIPs').texts();
  const externalName = spec.at('externalName').text();
  const clusterIPs = several.length > 0 ? several : single === undefined ? [] : [single];
  return {
    meta: decodeMeta(document, root, 'label'),
    type: spec.at('type').oneOf(serviceTypes) ?? 'ClusterIP',
    ...(externalName === undefined ? {} : { externalName }),
    // "None" is a headless Service; no address has been given yet where the text is empty.
    clusterIPs: clusterIPs.filter((address) => address !== 'None' && address !== ''),
    ...(Object.keys(selector).length === 0 ? {} : { selector }),
    ports: spec.at('ports').items().flatMap(decodePort),
  };
}

function decodePort(field: Field): readonly ServicePortObject[] {
  if (!field.at('port').present) {
    field.at('port').missing();
    return [];
  }
  const port = field.at('port').integer(...portNumbers);
  const targetPort = field.at('targetPort').portOrName();
  const protocol = field.at('protocol').oneOf(protocols) ?? 'TCP';
  const name = field.at('name').text();
  const appProtocol = field.at('appProtocol').text();
  if (port === undefined) return [];
  return [
    {
      ...(name === undefined || name === '' ? {} : { name }),
      port,
      protocol,
      targetPort: targetPort ?? port,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    },
  ];
}

import type { SourceDocument } from '../source/types.ts';
import { type Field, portNumbers } from './field.ts';
import { decodeMeta } from './meta.ts';
import { protocols } from './service.ts';
import type { EndpointSliceObject } from './types.ts';

const serviceLabel = 'kubernetes.io/service-name';
const addressTypes = ['IPv4', 'IPv6', 'FQDN'] as const;

export function decodeEndpointSlice(document: SourceDocument, root: Field): EndpointSliceObject {
  const meta = decodeMeta(document, root, 'subdomain');
  const service = meta.labels[serviceLabel];
  if (!root.at('addressType').present) root.at('addressType').missing();
  return {
    meta,
    ...(service === undefined || service === '' ? {} : { service }),
    addressType: root.at('addressType').oneOf(addressTypes) ?? 'IPv4',
    endpoints: root.at('endpoints').items().map(decodeEndpoint),
    ports: root.at('ports').items().map(decodePort),
  };
}

function decodeEndpoint(field: Field): EndpointSliceObject['endpoints'][number] {
  const target = field.at('targetRef');
  const pod = target.at('kind').text() === 'Pod' ? target.at('name').text() : undefined;
  const zone = field.at('zone').text();
  return {
    addresses: field.at('addresses').texts(),
    ready: field.at('conditions').at('ready').flag() ?? true,
    ...(pod === undefined ? {} : { pod }),
    ...(zone === undefined || zone === '' ? {} : { zone }),
  };
}

function decodePort(field: Field): EndpointSliceObject['ports'][number] {
  const name = field.at('name').text();
  const port = field.at('port').integer(...portNumbers);
  const appProtocol = field.at('appProtocol').text();
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(port === undefined ? {} : { port }),
    protocol: field.at('protocol').oneOf(protocols) ?? 'TCP',
    ...(appProtocol === undefined ? {} : { appProtocol }),
  };
}

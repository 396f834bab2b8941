import type { RequestShape } from '../../analysis/classes.ts';
import type { AccessMatrix } from '../../analysis/matrix.ts';
import { describeAccess, describeSpreads } from './describe.ts';

const header = [
  'client',
  'pods',
  'service',
  'port',
  'protocol',
  'access',
  'lets in',
  'rules',
  'backends',
  'allowed example',
  'refused example',
];

/** RFC 4180, a line for each client and service port. */
export function matrixCsv({ clients, destinations, cells }: AccessMatrix): string {
  const lines = clients.flatMap(({ account, exists }, row) =>
    destinations.map(({ service, port, protocol }, column) => {
      const cell = cells[row]?.[column];
      if (cell === undefined) return [];
      const { access, rules, spreads, allowed, refused } = cell;
      return [
        ...[account, exists ? 'yes' : 'no', service, String(port), protocol, access],
        ...[describeAccess(cell), rules.join(' '), describeSpreads(spreads), shapeText(allowed), shapeText(refused)],
      ];
    }),
  );
  return [header, ...lines].map((fields) => `${fields.map(field).join(',')}\r\n`).join('');
}

function shapeText(shape: RequestShape | undefined): string {
  if (shape === undefined) return '';
  if (shape.kind !== 'http') return shape.kind === 'tcp' ? 'connection' : 'datagram';
  const headers = Object.entries(shape.headers).map(([name, value]) => ` ${name}: ${value}`);
  return `${shape.method} ${shape.path}${headers.join(';')}`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

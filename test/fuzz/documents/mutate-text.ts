import type { Random } from '../random.ts';

const tokens = [
  ...[': ', '- ', '? ', '| ', '> ', '|2-\n', '# ', ', ', '{', '}', '[', ']', '"', "'", '`', '@', '%', '!', '\\', ':'],
  ...['&a ', '*a ', '*b', '<<: *a\n', '&a &b ', '!!binary ', '!!str ', '!!set ', '!<tag:x> ', '!!timestamp '],
  ...['---\n', '...\n', '--- |\n', '%YAML 1.1\n', '%YAML 3\n', '\t', '  ', ' ', '\n', '\n\n', '\r', '\r\n', '\ufeff'],
  ...[
    '\u0000',
    '\u0085',
    '\u2028',
    '\ufffe',
    '💥',
    'é',
    '"\\ud800"',
    '"\\x00"',
    '0x1f',
    '.inf',
    '.nan',
    '1e999',
    '-0',
    '~',
  ],
  ...[
    'apiVersion: v1\n',
    'kind: List\nitems:\n- ',
    'kind: TrafficSplitList\n',
    '__proto__: 1\n',
    'spec:\n',
    'metadata: {}\n',
  ],
  ...['# smi-cli: ignore SMI4501 because\n', '# smi-mesh:ignore SMI\n', 'name: x\n', '- name: x\n', 'null', 'true'],
];

/** Changes the text in one place, mostly so that it is still nearly YAML. */
export function mutateText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const length = random.chance(0.9) ? random.between(1, 8) : random.below(text.length + 1);
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
    case 2:
      return text.slice(0, at);
    case 3:
      return swapLines(text, random);
    case 4:
      return text.replaceAll('\n', random.pick(['\r\n', '\r', '\n\n', '\n ']));
    case 5:
      return text.slice(0, at) + String.fromCharCode(random.below(0x180)) + text.slice(at + 1);
    case 6:
      return anchored(text, random);
    default:
      return text.slice(0, at) + random.pick(tokens) + text.slice(random.chance(0.5) ? at : at + 1);
  }
}

function swapLines(text: string, random: Random): string {
  const lines = text.split('\n');
  const from = random.below(lines.length);
  const [line = ''] = lines.splice(from, random.chance(0.7) ? 1 : 0);
  lines.splice(random.below(lines.length + 1), 0, random.chance(0.3) ? ` ${line}` : line);
  return lines.join('\n');
}

/** An anchor behind one key, and an alias to it behind another. */
function anchored(text: string, random: Random): string {
  const colons = [...text.matchAll(/:(?= |$)/gm)].map(({ index }) => index + 1);
  if (colons.length < 2) return text;
  const first = random.below(colons.length - 1);
  const from = colons[first] ?? 0;
  const to = colons[random.between(first + 1, colons.length - 1)] ?? 0;
  const line = text.indexOf('\n', to);
  const end = random.chance(0.8) && line >= 0 ? line : to;
  return `${text.slice(0, from)} &a${text.slice(from, to)} *a${text.slice(end)}`;
}

/** Octets that may be no UTF-8. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let count = random.between(1, 3); count > 0 && copy.length > 0; count -= 1) {
    copy[random.below(copy.length)] = random.below(256);
  }
  return copy;
}

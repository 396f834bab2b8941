import type { Random } from '../random.ts';

const head = (kind: string, group: string) =>
  `apiVersion: ${group}.smi-spec.io/v1alpha4\nkind: ${kind}\nmetadata: { name: big }\n`;

/** Files of the kinds that bring parsers down: each is some ten to some hundred kilobytes. */
const extremes: readonly ((size: number) => string)[] = [
  (size) => '['.repeat(size),
  (size) => `a: ${'{ b: '.repeat(size)}`,
  (size) => `${'- '.repeat(size)}x`,
  (size) => `${head('TrafficSplit', 'split')}spec: ${'['.repeat(90)}${']'.repeat(90)}\n# ${'x'.repeat(size)}\n`,
  () =>
    `a: &a [x, x, x, x, x, x, x, x, x]\n${[...'bcdefghi'].map((key, index) => `${key}: &${key} [${`*${'abcdefghi'[index]}, `.repeat(9)}]`).join('\n')}`,
  () => 'a: &a\n  b: *a\n  <<: *a\n',
  (size) => `${'---\n'.repeat(size)}`,
  (size) =>
    `${head('TrafficSplit', 'split')}spec:\n  service: web\n  backends:\n${'  - { service: web-v1, weight: 1 }\n'.repeat(size / 10)}`,
  (size) => `${head('TrafficSplit', 'split')}spec:\n  service: ${'w'.repeat(size)}\n  backends: []\n`,
  (size) =>
    `${head('HTTPRouteGroup', 'specs')}spec:\n  matches:\n${Array.from({ length: size / 20 }, (_, index) => `  - { name: m${index}, pathRegex: "/a${index % 7}.*", methods: [GET] }\n`).join('')}`,
  (size) =>
    `${head('HTTPRouteGroup', 'specs')}spec:\n  matches: [{ name: x, pathRegex: "${'(a|b)*'.repeat(size / 20)}" }]\n`,
  (size) =>
    `${head('HTTPRouteGroup', 'specs')}spec:\n  matches: [{ name: x, pathRegex: "${'('.repeat(size / 10)}" }]\n`,
  (size) =>
    `${head('HTTPRouteGroup', 'specs')}spec:\n  matches: [{ name: x, pathRegex: "${'[^/]{1,90}/'.repeat(6)}.*a.{12}" }, { name: y, pathRegex: ".*${'a.{14}b?'.repeat(2)}" }]\n# ${size}\n`,
  (size) =>
    `${head('TrafficTarget', 'access')}spec:\n  destination: { kind: ServiceAccount, name: keeper }\n  rules: []\n  sources:\n${'  - { kind: ServiceAccount, name: buyer }\n'.repeat(size / 20)}`,
  (size) => `${Array.from({ length: size }, (_, index) => `k${index}: `).join('\n')}\n`,
  (size) => `a: ${'9'.repeat(size)}\nb: 1e${size}\nc: "${'\\u00e9'.repeat(size)}"\n`,
  (size) => `a: |\n${'  x\n'.repeat(size)}`,
  (size) =>
    `kind: List\napiVersion: v1\nitems:\n${`- ${JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } })}\n`.repeat(size / 20)}`,
  (size) => `# ${'smi-mesh-ignore SMI4501 '.repeat(size / 10)}\n${'# x\n'.repeat(size)}`,
  (size) =>
    `base: &base { ${Array.from({ length: 100 }, (_, index) => `k${index}: 1`).join(', ')} }\n${Array.from({ length: size / 20 }, (_, index) => `m${index}: { <<: *base }`).join('\n')}\n`,
];

export function generateExtreme(random: Random): string {
  return random.pick(extremes)(random.pick([100, 1_000, 10_000]));
}

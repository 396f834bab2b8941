import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  accountNames,
  groupNames,
  matchNames,
  namespaces,
  routeNames,
  serviceNames,
} from '../../support/generate/parts.ts';
import type { Random } from '../random.ts';
import { generatePattern } from '../regex/pattern.ts';

/** The parts of JSON Schema that our schemas use and that say what a value looks like. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly then?: Schema;
  readonly else?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: readonly unknown[];
}

const folder = fileURLToPath(new URL('../../../schemas/smi', import.meta.url));

/** The published schema of every kind and version: the grammar that documents are generated from. */
const schemas: readonly Schema[] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Schema);

const names = [...serviceNames, ...accountNames, ...groupNames, ...routeNames, ...matchNames];

/** Texts for fields of a name; the schema's pattern takes out what does not suit. */
const texts: Readonly<Record<string, readonly string[]>> = {
  service: [...serviceNames, ...serviceNames, 'web.default', 'web.default.svc.cluster.local', 'store.other', 'gone'],
  namespace: [...namespaces, 'default', 'default', 'other'],
  name: [...names, 'first', 'second', 'staff', 'gone', 'constructor', 'x'.repeat(253)],
  matches: [...matchNames, 'gone', '__proto__'],
  weight: ['0', '1', '500m', '900m', '1.5', '1k', '2e2', '99Ei', '1e-9', '.5', '9'.repeat(30)],
  methods: ['GET', 'POST', '*'],
  pathRegex: [
    '/',
    '/books',
    '/api/.*',
    '.*',
    '',
    '/a|/b',
    '^/x$',
    '[^\\s\\S]',
    '(',
    '(a*)*',
    '\\p{L}{900}',
    'a{1,500}',
  ],
  headers: ['.*', 'Firefox.*', '^yes$', '(?i)beta', '[', 'é+'],
  creationTimestamp: ['2021-01-01T00:00:00Z', '2022-01-01T00:00:00Z', 'yesterday', '9'.repeat(40)],
};

const keys: Readonly<Record<string, readonly string[]>> = {
  headers: ['user-agent', 'host', 'X-Beta', 'x-group', ':authority', 'é', '__proto__', 'constructor'],
  labels: ['app', 'team', 'example.com/owner', '__proto__'],
  annotations: [
    'example.com/owner',
    'smi-mesh.io/preserved-v1alpha1',
    'smi-mesh.io/preserved-v1alpha2',
    'smi-mesh.io/preserved-v1alpha3',
    'smi-mesh.io/preserved-destination-port',
  ],
};

const annotationTexts = [
  '',
  'x',
  '{',
  '{"of":"0","set":{}}',
  '{"of":1}',
  '8080',
  'null',
  '[[[[]]]]',
  '{"__proto__":{}}',
];
const numbers = [0, 1, 2, 10, 50, 90, 100, 80, 8080, 9090, 65_535, 0.5, 1_000_000, 2 ** 31, 2 ** 53, 1e300];

/** A document of any kind and version that its schema most likely accepts. */
export function generateDocument(random: Random): unknown {
  return generateValue(random.pick(schemas), '', random);
}

function generateValue(schema: Schema, name: string, random: Random): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return random.pick(schema.enum);
  switch (typeOf(schema, random)) {
    case 'object':
      return objectOf(schema, name, random);
    case 'array':
      return arrayOf(schema, name, random);
    case 'integer':
      return numberOf(schema, random.pick(numbers.filter(Number.isSafeInteger)));
    case 'number':
      return numberOf(schema, random.pick(numbers));
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    default:
      return textOf(schema, name, random);
  }
}

/** Null is allowed in many places and used in few. */
function typeOf({ type = 'object' }: Schema, random: Random): string {
  if (typeof type === 'string') return type;
  const usual = type.filter((name) => name !== 'null');
  return random.chance(0.05) || usual.length === 0 ? random.pick(type) : random.pick(usual);
}

function objectOf(schema: Schema, name: string, random: Random): Record<string, unknown> {
  const { properties = {}, required = [], additionalProperties, maxProperties = 2 } = schema;
  const object: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(properties)) {
    const usual = required.includes(key) || property.const !== undefined;
    if (usual || random.chance(0.5)) object[key] = generateValue(property, key, random);
  }
  const rest = additionalProperties ?? schema.else?.additionalProperties;
  if (typeof rest !== 'object') return object;
  for (const key of random.times(0, Math.min(2, maxProperties), () => random.pick(keys[name] ?? ['key']))) {
    // An own property whatever its name.
    Object.defineProperty(object, key, {
      value: generateValue(rest, name, random),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

function arrayOf({ items, then, minItems = 0 }: Schema, name: string, random: Random): unknown[] {
  const element = items ?? then?.items ?? {};
  const high = random.chance(0.01) ? 30 : 3;
  return random.times(minItems, Math.max(minItems, high), () => generateValue(element, name, random));
}

function numberOf({ minimum = -Infinity, maximum = Infinity }: Schema, value: number): number {
  return Math.min(Math.max(value, minimum), maximum);
}

/** For each place in a schema, what may stand there. */
const candidates = new WeakMap<Schema, readonly string[]>();

function textOf(schema: Schema, name: string, random: Random): string {
  if ((name === 'pathRegex' || name === 'headers') && random.chance(0.15)) return generatePattern(random, 0.02).text;
  let known = candidates.get(schema);
  if (known === undefined) {
    const examples = (schema.examples ?? []).filter((example) => typeof example === 'string');
    const own = name === 'annotations' ? annotationTexts : (texts[name] ?? names);
    known = [...own, ...examples].filter((text) => accepts(schema, text));
    candidates.set(schema, known);
  }
  return known.length === 0 ? 'x' : random.pick(known);
}

function accepts({ pattern, minLength = 0, maxLength = Infinity }: Schema, text: string): boolean {
  return (
    text.length >= minLength && text.length <= maxLength && (pattern === undefined || new RegExp(pattern).test(text))
  );
}

type Schema = Readonly<Record<string, unknown>>;

/** Keywords of JSON Schema that a structural schema has no use for, or may not have. */
const dropped = new Set([
  '$schema',
  '$id',
  'title',
  'examples',
  'propertyNames',
  'if',
  'then',
  'else',
  'const',
  'type',
]);

/**
 * A JSON Schema as the structural schema of a CustomResourceDefinition (apiextensions.k8s.io/v1). What Kubernetes cannot
 * say becomes wider, never narrower: a field with two forms keeps any value, and it is ours to refuse the wrong ones.
 */
export function structuralSchema(schema: Schema): Schema {
  const types = [schema.type].flat().filter((type) => type !== undefined && type !== 'null');
  const nullable = [schema.type].flat().includes('null') ? { nullable: true } : {};
  if (types.includes('array') && types.includes('object')) return { ...described(schema), ...nullable, ...anyValue };
  if (types.length > 1 && !types.includes('string')) throw new Error(`no structural form of ${types.join(' or ')}`);
  const rest = Object.entries(schema).flatMap(([key, value]) => (dropped.has(key) ? [] : rewritten(key, value)));
  const form = types.length > 1 ? { 'x-kubernetes-int-or-string': true } : { type: typeOf(schema, types) };
  return { ...form, ...nullable, ...Object.fromEntries(rest) };
}

function described({ description }: Schema): Schema {
  return description === undefined ? {} : { description };
}

const anyValue = { 'x-kubernetes-preserve-unknown-fields': true };

function typeOf(schema: Schema, types: readonly unknown[]): unknown {
  return types[0] ?? typeof (Array.isArray(schema.enum) ? schema.enum[0] : schema.const);
}

function rewritten(key: string, value: unknown): readonly (readonly [string, unknown])[] {
  switch (key) {
    case 'properties':
      return [
        [key, Object.fromEntries(Object.entries(value as Schema).map(([name, inner]) => [name, property(inner)]))],
      ];
    case 'items':
      return [[key, structuralSchema(value as Schema)]];
    case 'additionalProperties':
      // Fields that are not named are pruned anyway.
      return value === false ? [] : [[key, structuralSchema(value as Schema)]];
    default:
      return [[key, value]];
  }
}

function property(schema: unknown): Schema {
  return structuralSchema(schema as Schema);
}

/** The whole of an object: `metadata` belongs to Kubernetes, `status` to controllers. */
export function structuralRoot(schema: Schema): Schema {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const required = ((schema.required ?? []) as readonly string[]).filter((name) => name !== 'metadata');
  const entries = Object.entries(properties).map(([name, inner]) => {
    if (name === 'metadata') return [name, { type: 'object' }];
    if (name === 'status') return [name, { type: 'object', nullable: true, ...described(inner), ...anyValue }];
    return [name, structuralSchema(inner)];
  });
  return {
    type: 'object',
    ...described(schema),
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(entries),
  };
}

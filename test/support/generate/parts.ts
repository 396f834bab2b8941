import fc from 'fast-check';
import type { Fields } from '../../../src/lib/values.ts';

/** Few names, so that generated objects refer to each other often. */
export const serviceNames = ['web', 'web-v1', 'web-v2', 'store'] as const;
export const accountNames = ['buyer', 'thief', 'keeper'] as const;
export const groupNames = ['pages', 'api'] as const;
export const routeNames = ['ports', 'database'] as const;
export const matchNames = ['read', 'write', 'beta'] as const;
export const namespaces = ['default', 'shop'] as const;

export const serviceName = fc.constantFrom(...serviceNames);
export const accountName = fc.constantFrom(...accountNames);
export const matchName = fc.constantFrom(...matchNames);
export const port = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(80, 8080, 9090) },
  fc.integer({ min: 1, max: 65_535 }),
);

const label = fc.constantFrom('app', 'team', 'example.com/owner');

/** Metadata of one of the given names; labels and annotations of others' come along unharmed. */
function metadata(names: fc.Arbitrary<string>): fc.Arbitrary<Fields> {
  return fc.record(
    {
      name: names,
      namespace: fc.constantFrom(...namespaces),
      labels: fc.dictionary(label, fc.constantFrom('a', 'b'), { maxKeys: 2, noNullPrototype: true }),
      annotations: fc.dictionary(label, fc.string({ maxLength: 5 }), { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
      creationTimestamp: fc.constantFrom('2021-01-01T00:00:00Z', '2022-01-01T00:00:00Z'),
    },
    { requiredKeys: ['name'], noNullPrototype: true },
  );
}

/** A record some of whose fields may be absent. */
export function fields(
  all: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  required: readonly string[] = Object.keys(all),
) {
  return fc.record(all, { requiredKeys: [...required], noNullPrototype: true }) as fc.Arbitrary<Fields>;
}

/** A whole object of a kind. */
export function manifest(
  apiVersion: string,
  kind: string,
  name: fc.Arbitrary<string>,
  body: fc.Arbitrary<Fields>,
): fc.Arbitrary<Fields> {
  return fc.tuple(metadata(name), body).map(([meta, rest]) => ({ apiVersion, kind, metadata: meta, ...rest }));
}

/** The object with a status now and then; documents of metrics have none. */
export function withStatus(objects: fc.Arbitrary<Fields>): fc.Arbitrary<Fields> {
  const status = fc.option(fc.constant({ status: {} }), { nil: {}, freq: 8 });
  return fc.tuple(objects, status).map(([object, more]) => ({ ...object, ...more }));
}

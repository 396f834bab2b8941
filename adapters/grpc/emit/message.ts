import type { Origin } from '../../../src/diagnostics/origin.ts';

/** A protobuf message as proto JSON: lowerCamelCase fields, enums by name, durations as text. */
export type Message = Readonly<Record<string, unknown>>;

/** A message inside `google.protobuf.Any`. */
export function any(type: string, message: Message): Message {
  return { '@type': `type.googleapis.com/${type}`, ...message };
}

export const overAds: Message = { ads: {}, resourceApiVersion: 'V3' };

/** A protobuf duration. */
export function seconds(millis: number): string {
  return `${millis / 1_000}s`;
}

/** Object and field that a resource comes from, never a line; clients keep it and CSDS shows it. */
export function originMetadata(origins: readonly Origin[]): { readonly metadata?: Message } {
  if (origins.length === 0) return {};
  const places = origins.map(({ object, path }) => ({ object, path }));
  return { metadata: { filterMetadata: { 'smi-mesh': { origins: places } } } };
}

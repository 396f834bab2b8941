import { afterAll, beforeAll } from 'vitest';
import { type AddressRange, takeAddressRange } from '../../support/mesh/address-range.ts';
import { type Credentials, createCredentials } from '../../support/mesh/credentials.ts';
import { Fleet } from './fleet.ts';
import type { Variant } from './slot.ts';

/** What the tests of a `describe` share; there from their first one on. */
export interface FleetContext {
  readonly range: AddressRange;
  readonly credentials: Credentials;
  readonly fleet: Fleet;
}

/** Starts a fleet before the tests of the surrounding `describe` and stops it after them. */
export function useFleet(binary: string, variant: Variant): () => FleetContext {
  let range: AddressRange | undefined;
  let context: FleetContext | undefined;
  beforeAll(async () => {
    range = await takeAddressRange();
    const credentials = await createCredentials();
    context = { range, credentials, fleet: await Fleet.start(binary, range.base, variant) };
  });
  afterAll(async () => {
    await context?.fleet.stop();
    range?.release();
  });
  return () => {
    if (context === undefined) throw new Error('the fleet is there in tests only');
    return context;
  };
}

import { versionsOf } from '../versions.ts';
import { targetV1alpha1, targetV1alpha2, targetV1alpha3, targetV1alpha4 } from './access.ts';
import { groupV1alpha1, groupV1alpha2, groupV1alpha3, tcpRouteV1alpha2, tcpRouteV1alpha3 } from './specs.ts';
import { splitV1alpha1, splitV1alpha2 } from './split.ts';
import { sameAsHub, type VersionForm } from './version-form.ts';

/** Versions that are written in another way than the hub. */
const forms: Readonly<Record<string, Readonly<Record<string, VersionForm>>>> = {
  TrafficSplit: { v1alpha1: splitV1alpha1, v1alpha2: splitV1alpha2 },
  TrafficTarget: {
    v1alpha1: targetV1alpha1,
    v1alpha2: targetV1alpha2,
    v1alpha3: targetV1alpha3,
    v1alpha4: targetV1alpha4,
  },
  HTTPRouteGroup: { v1alpha1: groupV1alpha1, v1alpha2: groupV1alpha2, v1alpha3: groupV1alpha3 },
  TCPRoute: { v1alpha1: tcpRouteV1alpha2, v1alpha2: tcpRouteV1alpha2, v1alpha3: tcpRouteV1alpha3 },
};

/** A kind and one of its served versions. */
export interface KindVersion {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}

/** `undefined` for a version that is not served. */
export function formOf({ group, kind, version }: KindVersion): VersionForm | undefined {
  if (!versionsOf(group, kind)?.served.includes(version)) return undefined;
  const versions = Object.hasOwn(forms, kind) ? forms[kind] : undefined;
  return versions !== undefined && Object.hasOwn(versions, version) ? versions[version] : sameAsHub;
}

/** The newest version, which the others are converted through. */
export function hubVersion(group: string, kind: string): string | undefined {
  return versionsOf(group, kind)?.served[0];
}

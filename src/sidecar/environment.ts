import { isIP } from 'node:net';
import { sidecarVariables } from '../kubernetes/names.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { isTrustDomain } from '../lib/spiffe.ts';
import { type ProbeTable, parseProbeTable } from '../probes/table.ts';

/** What a sidecar knows of its pod and of its mesh from the environment that the injection writes. */
export interface SidecarEnvironment {
  readonly pod: string;
  readonly namespace: string;
  readonly uid: string;
  /** At least one. */
  readonly addresses: readonly string[];
  readonly node: string;
  /** Host name of the control plane. */
  readonly controlPlane: string;
  readonly trustDomain: string;
  readonly probes: ProbeTable;
  /** How long the pod has to end. */
  readonly graceSeconds: number;
}

const defaultGrace = 30;

/** Reads the environment; the error names the variable. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): Result<SidecarEnvironment, string> {
  const { podName, podNamespace, podUid, podAddresses, nodeName, controlPlane, trustDomain } = sidecarVariables;
  const missing = [podName, podNamespace, podAddresses, controlPlane, trustDomain].find((name) => !variables[name]);
  if (missing !== undefined) return err(`${missing} is not set; a sidecar runs in a pod that was injected`);
  const text = (name: string) => variables[name] ?? '';
  const addresses = text(podAddresses)
    .split(',')
    .map((address) => address.trim());
  const bad = addresses.find((address) => isIP(address) === 0);
  if (bad !== undefined) return err(`${podAddresses}: ${JSON.stringify(bad)} is not an address`);
  if (!isTrustDomain(text(trustDomain))) return err(`${trustDomain}: ${JSON.stringify(text(trustDomain))} is none`);
  const probes = variables[sidecarVariables.probes] ? parseProbeTable(text(sidecarVariables.probes)) : ok({});
  if (!probes.ok) return err(`${sidecarVariables.probes}: ${probes.error}`);
  const grace = variables[sidecarVariables.graceSeconds] ? Number(text(sidecarVariables.graceSeconds)) : defaultGrace;
  if (!(grace >= 0)) return err(`${sidecarVariables.graceSeconds}: not a number of seconds`);
  return ok({
    pod: text(podName),
    namespace: text(podNamespace),
    uid: text(podUid),
    addresses,
    node: text(nodeName),
    controlPlane: text(controlPlane),
    trustDomain: text(trustDomain),
    probes: probes.value,
    graceSeconds: grace,
  });
}

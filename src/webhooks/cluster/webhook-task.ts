import { setTimeout as delay } from 'node:timers/promises';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { objectKey } from '../../diagnostics/origin.ts';
import type { Connection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { migrateStorage } from '../../kubernetes-client/migrate-storage.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { caBundleOf, type WebhookCredential } from '../certificates/credential.ts';
import { defaultRotation, nextStep, type RotationTimes } from '../certificates/rotation.ts';
import { readSecret, type SecretName, writeSecret } from '../certificates/secret.ts';
import { hostsOf, probe, type WebhookAddress } from './address.ts';
import { announceBundle, configurationKinds } from './announce.ts';
import { type Definition, shippedDefinitions, storedKind } from './definition.ts';
import { type AppliedDefinition, applyDefinition } from './definitions.ts';

export interface WebhookTaskOptions {
  readonly address: WebhookAddress;
  readonly clusterDomain: string;
  readonly secret: SecretName;
  /** `self`: the Secret is ours to write; `cert-manager`: somebody else's. */
  readonly certificates: 'self' | 'cert-manager';
  /** Of the webhook configurations that the installation made. */
  readonly configuration: string;
  /** Whether the definitions are ours to apply. */
  readonly manageDefinitions: boolean;
  readonly release: string;
  /** What is not as it should be; all of it, whenever it has changed. */
  readonly report: (findings: readonly Diagnostic[]) => void;
  readonly times?: Partial<WebhookTaskTimes>;
}

export interface WebhookTaskTimes {
  readonly rotation: RotationTimes;
  /** Between two looks when everything is in place, in milliseconds, and when something is not. */
  readonly steady: number;
  readonly unsettled: number;
  /** How long a certificate may be in the Secret before webhooks that do not answer with it are reported. */
  readonly takingUp: number;
}

const defaultTimes: WebhookTaskTimes = {
  rotation: defaultRotation,
  steady: 30_000,
  unsettled: 2_000,
  takingUp: 15_000,
};

/**
 * The leader's care for the webhooks: their certificate, the definitions that point to them, and the trust of the apiserver.
 * The certificate comes first, then an answer of the webhooks at their address, and only then does anything point there.
 * Looked at again and again, so that what somebody changes or removes is put right. Resolves when the signal aborts.
 */
export function webhookTask(options: WebhookTaskOptions): {
  readonly name: string;
  run(connection: Connection, signal: AbortSignal): Promise<void>;
} {
  return {
    name: 'webhooks',
    async run(connection, signal) {
      const care = new WebhookCare(connection, options);
      const { steady, unsettled } = { ...defaultTimes, ...options.times };
      let pause = unsettled;
      while (!signal.aborted) {
        const settled = await care.look(signal);
        pause = settled ? steady : Math.min(steady, pause * 2);
        await delay(settled ? steady : pause, undefined, { signal }).catch(() => undefined);
        if (settled) pause = unsettled / 2;
      }
    },
  };
}

class WebhookCare {
  readonly #connection: Connection;
  readonly #options: WebhookTaskOptions;
  readonly #times: WebhookTaskTimes;
  readonly #definitions = shippedDefinitions();
  /** The credential whose bundle is announced everywhere, and since when. */
  #announced: { readonly caBundle: string; readonly serving: string; readonly since: number } | undefined;
  /** The certificate that is looked for, since when, and whether the webhooks have answered with it. */
  #expected: { readonly serving: string; readonly since: number; answered: boolean } | undefined;
  /** By definition the last try to store its objects anew. */
  readonly #migrations = new Map<string, { readonly at: number; readonly findings: readonly Diagnostic[] }>();
  #reported = '';

  constructor(connection: Connection, options: WebhookTaskOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
  }

  /** Whether everything is in place. */
  async look(signal: AbortSignal): Promise<boolean> {
    const findings: Diagnostic[] = [];
    const settled = await this.#look(findings, signal);
    if (signal.aborted) return true;
    const said = JSON.stringify(findings);
    if (said !== this.#reported) this.#options.report(findings);
    this.#reported = said;
    return settled;
  }

  async #look(findings: Diagnostic[], signal: AbortSignal): Promise<boolean> {
    const credential = await this.#credential();
    if (!credential.ok) {
      findings.push(credential.error);
      return false;
    }
    const unreachable = await probe(this.#options.address, credential.value.bundle, signal);
    const expected = this.#expect(credential.value.serving.certificateChain);
    expected.answered ||= unreachable === undefined;
    if (unreachable !== undefined) {
      const mayBeOnItsWay = !expected.answered && Date.now() - expected.since < this.#times.takingUp;
      if (!mayBeOnItsWay)
        findings.push(diagnostic('SMI6302', { message: `the webhooks do not answer: ${unreachable}` }));
      return false;
    }
    const caBundle = caBundleOf(credential.value);
    const faults = [
      ...(await this.#applyDefinitions(caBundle, findings, signal)),
      ...(await this.#announce(caBundle, findings)),
    ];
    findings.push(...faults.map((fault) => fault.diagnostic));
    const serving = credential.value.serving.certificateChain;
    if (faults.length > 0) this.#announced = undefined;
    else if (this.#announced?.caBundle !== caBundle || this.#announced.serving !== serving) {
      this.#announced = { caBundle, serving, since: Date.now() };
    }
    return faults.length === 0;
  }

  /** Replicas are told of a certificate by the apiserver, later than who wrote it. */
  #expect(serving: string) {
    if (this.#expected?.serving !== serving) this.#expected = { serving, since: Date.now(), answered: false };
    return this.#expected;
  }

  /** What the Secret holds, after the next step of its rotation where that is ours to take. */
  async #credential(): Promise<Result<WebhookCredential, Diagnostic>> {
    const { secret, certificates, address, clusterDomain } = this.#options;
    const stored = await readSecret(this.#connection, secret);
    if (!stored.ok) return err(stored.error.diagnostic);
    const { credential, resourceVersion } = stored.value;
    if (certificates === 'cert-manager') {
      if (credential.ok) return credential;
      const message = `Secret ${secret.namespace}/${secret.name}: ${credential.error}`;
      const hint = 'Look at the Certificate of cert-manager that writes it.';
      return err(diagnostic('SMI6302', { message, hint }));
    }
    const known = credential.ok ? credential.value : undefined;
    const state = { credential: known, ...this.#announcedSince(known) };
    const step = await nextStep(state, hostsOf(address, clusterDomain), Date.now(), this.#times.rotation);
    if (step === undefined)
      return credential.ok ? credential : err(diagnostic('SMI6302', { message: credential.error }));
    const written = await writeSecret(this.#connection, secret, step, resourceVersion);
    return written.ok ? ok(step) : err(written.error.diagnostic);
  }

  #announcedSince(credential: WebhookCredential | undefined): { readonly announcedSince?: number } {
    const announced = this.#announced;
    if (credential === undefined || announced === undefined) return {};
    const same = announced.caBundle === caBundleOf(credential);
    return same && announced.serving === credential.serving.certificateChain ? { announcedSince: announced.since } : {};
  }

  async #applyDefinitions(
    caBundle: string,
    findings: Diagnostic[],
    signal: AbortSignal,
  ): Promise<readonly ClusterFault[]> {
    const { address, manageDefinitions, release } = this.#options;
    if (!manageDefinitions) return [];
    const faults: ClusterFault[] = [];
    for (const definition of this.#definitions) {
      const applied = await applyDefinition(this.#connection, definition, { address, caBundle }, release);
      if (!applied.ok) {
        faults.push(applied.error);
        continue;
      }
      findings.push(...remarks(applied.value));
      if (applied.value.stored.length > 0) findings.push(...(await this.#migrate(definition, signal)));
    }
    return faults;
  }

  async #migrate(definition: Definition, signal: AbortSignal): Promise<readonly Diagnostic[]> {
    const { name } = definition.metadata;
    const before = this.#migrations.get(name);
    if (before !== undefined && Date.now() - before.at < migrationPause) return before.findings;
    const migrated = await migrateStorage(this.#connection, storedKind(definition), signal);
    const findings = migrated.ok ? [] : [notMigrated(name, migrated.error)];
    this.#migrations.set(name, { at: Date.now(), findings });
    return findings;
  }

  async #announce(caBundle: string, findings: Diagnostic[]): Promise<readonly ClusterFault[]> {
    const { configuration } = this.#options;
    const faults: ClusterFault[] = [];
    for (const kind of configurationKinds) {
      const announced = await announceBundle(this.#connection, kind, configuration, caBundle);
      if (!announced.ok) faults.push(announced.error);
      else if (announced.value === 'missing') {
        findings.push(diagnostic('SMI6303', { message: `there is no ${kind} ${configuration}` }));
      }
    }
    return faults;
  }
}

/** Before objects that could not be stored anew are tried again, in milliseconds. */
const migrationPause = 10 * 60_000;

function notMigrated(definition: string, { diagnostic: { message: because } }: ClusterFault): Diagnostic {
  const message = `objects of ${definition} are still stored in an older version: ${because}`;
  return diagnostic('SMI6301', { message, origin: originOf(definition) });
}

function originOf(definition: string) {
  return { object: objectKey('apiextensions.k8s.io', 'CustomResourceDefinition', '', definition), path: '' };
}

function remarks({ name, plan }: AppliedDefinition): readonly Diagnostic[] {
  const origin = originOf(name);
  if (plan.action === 'leave') {
    return [diagnostic('SMI6301', { message: `the definition ${name} is left as it is: ${plan.because}`, origin })];
  }
  if (plan.caveat === undefined) return [];
  const hint = 'Take it out of that release first, keeping the definition (`helm.sh/resource-policy: keep`).';
  return [diagnostic('SMI6301', { message: `the definition ${name} was taken over: ${plan.caveat}`, origin, hint })];
}

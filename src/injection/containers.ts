import type { LogLevel } from '../config/controller/types.ts';
import { interceptionArguments } from '../interception/interception.ts';
import {
  controlPlaneHost,
  healthPaths,
  interceptionCheckUser,
  sidecarContainers,
  sidecarPaths,
  sidecarPorts,
  sidecarUser,
  sidecarVariables,
} from '../kubernetes/names.ts';
import type { Fields } from '../lib/values.ts';
import type { ProbeTable } from '../probes/table.ts';
import type { PodChoices } from './choices.ts';
import type { InjectionSettings, MeshIdentity, ResourceSettings } from './settings.ts';
import { credentialsMount, stateMount } from './volumes.ts';

export interface SidecarPlan {
  readonly choices: PodChoices;
  readonly settings: InjectionSettings;
  readonly mesh: MeshIdentity;
  /** Sidecars are init containers that keep running; otherwise ordinary containers. */
  readonly native: boolean;
  readonly probes: ProbeTable;
  readonly graceSeconds: number;
}

const program = 'smi-cli';

/** A container that writes nothing to its root and can gain nothing. */
const locked = {
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

function unprivileged(user: number): Fields {
  return {
    ...locked,
    capabilities: { drop: ['ALL'] },
    runAsUser: user,
    runAsGroup: user,
    runAsNonRoot: true,
  };
}

/** Sets the rules of redirection; where the CNI plug-in does that, it checks without any privilege that they are there. */
export function initContainer({ choices, settings }: SidecarPlan): Fields {
  const rules = interceptionArguments(choices.interception, choices.dataPlane);
  return {
    name: sidecarContainers.init,
    ...ourImage(settings),
    command: [program, 'intercept', ...(settings.cni ? ['--check'] : rules)],
    resources: resourcesOf(choices.resources),
    securityContext: settings.cni
      ? unprivileged(interceptionCheckUser)
      : {
          ...locked,
          capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
          runAsUser: 0,
          runAsGroup: 0,
          runAsNonRoot: false,
        },
  };
}

/** The sidecar's own containers, in the order in which they start. */
export function sidecarContainerList(plan: SidecarPlan): readonly Fields[] {
  return plan.choices.dataPlane === 'proxy' ? [proxyContainer(plan)] : [agentContainer(plan), envoyContainer(plan)];
}

function proxyContainer(plan: SidecarPlan): Fields {
  const { choices, settings } = plan;
  return {
    name: sidecarContainers.proxy,
    ...ourImage(settings),
    command: [program, 'sidecar'],
    env: environment(plan),
    resources: resourcesOf(choices.resources),
    ...startsBefore(plan, healthPaths.ready, { exec: { command: [program, 'sidecar-wait'] } }),
    readinessProbe: readiness,
    securityContext: unprivileged(sidecarUser),
    volumeMounts: [credentialsMount, stateMount],
  };
}

function agentContainer(plan: SidecarPlan): Fields {
  const { settings } = plan;
  return {
    name: sidecarContainers.agent,
    ...ourImage(settings),
    command: [program, 'agent'],
    env: environment(plan),
    resources: resourcesOf(settings.agentResources),
    ...startsBefore(plan, healthPaths.started, { exec: { command: [program, 'sidecar-wait', '--started'] } }),
    securityContext: unprivileged(sidecarUser),
    volumeMounts: [credentialsMount, stateMount],
  };
}

/** Envoy's image may have no shell and nothing to ask with, so the agent is asked. */
function envoyContainer(plan: SidecarPlan): Fields {
  const { choices, settings } = plan;
  const bootstrap = `${sidecarPaths.state}/bootstrap.json`;
  return {
    name: sidecarContainers.envoy,
    image: settings.images.envoy,
    ...pullPolicy(settings),
    command: ['envoy'],
    args: [
      '-c',
      bootstrap,
      '--disable-hot-restart',
      '--concurrency',
      '2',
      // A connection to a listener that has changed ends with its next answer, and not minutes later.
      '--drain-strategy',
      'immediate',
      '--log-level',
      envoyLevels[choices.logLevel],
    ],
    resources: resourcesOf(choices.resources),
    ...startsBefore(plan, healthPaths.ready, { httpGet: { path: healthPaths.wait, port: sidecarPorts.health } }),
    readinessProbe: readiness,
    securityContext: unprivileged(sidecarUser),
    volumeMounts: [{ ...stateMount, readOnly: true }],
  };
}

const envoyLevels: Readonly<Record<LogLevel, string>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warning',
  error: 'error',
};

const readiness = {
  httpGet: { path: healthPaths.ready, port: sidecarPorts.health },
  periodSeconds: 5,
  timeoutSeconds: 3,
  failureThreshold: 3,
};

/**
 * What makes a sidecar start before the programs and end after them. A native one the kubelet keeps in order by itself, given
 * a startup probe. An ordinary one comes first in the list, where the next container waits for its hook, and keeps its
 * SIGTERM away until the programs have ended.
 */
function startsBefore({ native }: SidecarPlan, path: string, postStart: Fields): Fields {
  if (!native) {
    const preStop = { httpGet: { path: healthPaths.ended, port: sidecarPorts.health } };
    return { lifecycle: { postStart, preStop } };
  }
  const startupProbe = {
    httpGet: { path, port: sidecarPorts.health },
    periodSeconds: 1,
    timeoutSeconds: 3,
    failureThreshold: 600,
  };
  return { restartPolicy: 'Always', startupProbe };
}

function ourImage(settings: InjectionSettings): Fields {
  return { image: settings.images.mesh, ...pullPolicy(settings) };
}

function pullPolicy({ images }: InjectionSettings): Fields {
  return images.pullPolicy === undefined ? {} : { imagePullPolicy: images.pullPolicy };
}

function environment({ mesh, choices, probes, graceSeconds }: SidecarPlan): readonly Fields[] {
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    field(sidecarVariables.podName, 'metadata.name'),
    field(sidecarVariables.podNamespace, 'metadata.namespace'),
    field(sidecarVariables.podUid, 'metadata.uid'),
    field(sidecarVariables.podAddresses, 'status.podIPs'),
    field(sidecarVariables.nodeName, 'spec.nodeName'),
    { name: sidecarVariables.controlPlane, value: controlPlaneHost(mesh.systemNamespace) },
    { name: sidecarVariables.trustDomain, value: mesh.trustDomain },
    { name: sidecarVariables.clusterDomain, value: mesh.clusterDomain },
    { name: sidecarVariables.logLevel, value: choices.logLevel },
    { name: sidecarVariables.graceSeconds, value: String(graceSeconds) },
    { name: sidecarVariables.probes, value: JSON.stringify(probes) },
  ];
}

function resourcesOf({ cpuRequest, cpuLimit, memoryRequest, memoryLimit }: ResourceSettings): Fields {
  const named = (cpu: string | undefined, memory: string | undefined): Fields => ({
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  });
  return { requests: named(cpuRequest, memoryRequest), limits: named(cpuLimit, memoryLimit) };
}

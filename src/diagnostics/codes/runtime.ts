import type { CatalogueEntry } from '../severity.ts';

/** 6xxx: running a mesh. */
export const runtimeCodes = {
  SMI6001: {
    severity: 'info',
    title: 'last good version in force',
    explanation: 'An object has an error, so the mesh goes on with the last version of it that had none.',
    hint: 'Correct the errors reported for the object.',
  },
  SMI6002: {
    severity: 'warning',
    title: 'stored state not usable',
    explanation:
      'What the control plane keeps for its next start could not be read or written. Objects that are broken now have no earlier version to fall back to.',
    hint: 'Check the permissions of the state directory and the free space, or remove the file that the message names.',
  },
  SMI6003: {
    severity: 'error',
    title: 'defect while loading',
    explanation:
      'smi-mesh itself failed on these objects. The mesh goes on as it was; nothing of this load has taken effect.',
    hint: 'Undo the last edit, and report this as a defect with the objects that show it.',
  },
  SMI6004: {
    severity: 'warning',
    title: 'identity not renewed',
    explanation: 'A certificate could not be made. Its holder goes on with the one it has until that expires.',
    hint: 'Check the clock and the trust domain of the mesh, and read the message.',
  },
  SMI6101: {
    severity: 'error',
    title: 'nothing to run',
    explanation:
      'A local mesh runs the command of each container as a process; images are neither pulled nor run. A Deployment with a container that names no command is left out, and requests to it fail.',
    hint: "Set the container's `command` to what is to run, relative to the folder given to `up`.",
  },
  SMI6102: {
    severity: 'warning',
    title: 'more replicas than run here',
    explanation:
      'A local mesh starts two processes for each pod, so the number of replicas of a Deployment is limited.',
    hint: 'Lower `spec.replicas`, or run this in a cluster.',
  },
  SMI6103: {
    severity: 'error',
    title: 'already running',
    explanation:
      'Another `up` of the same folder holds its state directory. Two of them would fight for addresses and keys.',
    hint: 'Stop the other one, or give this one its own directory with `--state`.',
  },
  SMI6104: {
    severity: 'error',
    title: 'local mesh cannot start',
    explanation:
      'A local mesh needs a private directory for its state (mode 0700, owned by the user) and loopback addresses in 127.0.0.0/8.',
    hint: 'Give a private directory with `--state`; where only 127.0.0.1 exists, add loopback addresses first.',
  },
  SMI6105: {
    severity: 'error',
    title: 'no such data plane here',
    explanation:
      'A pod of a local mesh has our own proxy beside it, or an Envoy: as `up --data-plane` says, or as the annotation `smi-mesh.io/data-plane` of its template says. Pods whose data plane is not known, or not there, do not start, and requests to them fail.',
    hint: 'Name an Envoy (1.40 or later) by `--envoy FILE` or in the variable `ENVOY_BIN`, or put one on the `PATH`; or use the data plane `proxy`, which is always there.',
  },
  SMI6110: {
    severity: 'error',
    title: 'no configuration of a proxy',
    explanation:
      'A proxy whose own configuration was asked for does not answer at its admin address, answers something else, or has left no state in the directory that was named.',
    hint: 'Check that the proxy runs and that the address is that of its admin endpoint, `http://ADDRESS:15000`, or name the state directory of `up`.',
  },
  SMI6111: {
    severity: 'error',
    title: 'control plane not reached',
    explanation:
      'The control plane that was asked has no socket in its state directory, does not answer there, or answers something else; it serves that socket as long as it runs. With `--context`: no replica of the controller is ready, or one does not answer. With `--prometheus`: that does not answer as a Prometheus does.',
    hint: 'Start it with `smi-cli up`, name the folder that it was started for with `--folder`, or its state directory with `--state`.',
  },
} as const satisfies Record<string, CatalogueEntry>;

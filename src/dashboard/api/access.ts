import { type AccessMatrix, accessMatrix, type MatrixDestination } from '../../analysis/matrix.ts';
import { describeMatch } from '../../explain/match-text.ts';
import { compareText } from '../../lib/collections.ts';
import { parseSpiffeId } from '../../lib/spiffe.ts';
import type { TrafficSeries } from '../../metrics/contract.ts';
import type { MeshModel } from '../../model/types.ts';
import type { AccessPage } from './contract.ts';
import type { Traffic } from './traffic.ts';

/** Cells that are worked out for one answer. */
const maxCells = 10_000;

/** Who may call whom, who did, and who was refused; of one namespace where the whole is too large. */
export class AccessMatrices {
  readonly #known = new WeakMap<MeshModel, Map<string, AccessMatrix>>();

  page(model: MeshModel, { scope, series }: Traffic, namespace: string | undefined): AccessPage {
    const size = { clients: accounts(model).size, destinations: destinationCount(model) };
    const large = size.clients * size.destinations > maxCells;
    const namespaces = namespacesOf(model);
    const shown = namespace ?? (large ? namespaces[0] : undefined);
    const matrix = this.#matrix(model, shown);
    const counts = countCells(model, series);
    return {
      traffic: scope,
      ...(large ? { cut: size } : {}),
      namespaces,
      ...(shown === undefined ? {} : { namespace: shown }),
      clients: matrix.clients,
      destinations: matrix.destinations,
      cells: matrix.clients.map(({ account }, row) =>
        matrix.destinations.map((destination, column) => {
          const cell = matrix.cells[row]![column]!;
          const seen = counts.get(keyOf(account, destination)) ?? { passed: 0, denied: 0 };
          return { ...cell, matches: cell.matches.map(describeMatch), ...seen };
        }),
      ),
    };
  }

  #matrix(model: MeshModel, namespace = ''): AccessMatrix {
    const known = this.#known.get(model) ?? new Map<string, AccessMatrix>();
    this.#known.set(model, known);
    const matrix = known.get(namespace) ?? accessMatrix(namespace === '' ? model : within(model, namespace));
    known.set(namespace, matrix);
    return matrix;
  }
}

/** The same mesh with the Services of one namespace alone. */
function within(model: MeshModel, namespace: string): MeshModel {
  const services = Object.entries(model.services).filter(([, service]) => service.namespace === namespace);
  return { ...model, services: Object.fromEntries(services) };
}

function namespacesOf(model: MeshModel): readonly string[] {
  return [...new Set(Object.values(model.services).map(({ namespace }) => namespace))].sort(compareText);
}

function accounts(model: MeshModel): ReadonlySet<string> {
  return new Set(Object.values(model.workloads).map(({ identity }) => identity));
}

function destinationCount(model: MeshModel): number {
  return Object.values(model.services).reduce((sum, { ports }) => sum + ports.length, 0);
}

function keyOf(account: string, { service, port }: Pick<MatrixDestination, 'service' | 'port'>): string {
  return `${account} ${service}:${port}`;
}

function countCells(model: MeshModel, series: readonly TrafficSeries[]) {
  const counts = new Map<string, { passed: number; denied: number }>();
  for (const { source, service, port, success, failure, denied } of series) {
    const account = accountOfParty(source.identity);
    if (account === undefined || service === undefined) continue;
    const [only] = model.services[service as keyof MeshModel['services']]?.ports ?? [];
    const key = `${account} ${service}:${port ?? only?.port}`;
    const seen = counts.get(key) ?? { passed: 0, denied: 0 };
    counts.set(key, { passed: seen.passed + success + failure - denied, denied: seen.denied + denied });
  }
  return counts;
}

function accountOfParty(identity: string | undefined): string | undefined {
  if (identity === undefined) return undefined;
  const name = parseSpiffeId(identity);
  return name === undefined ? identity : `${name.namespace}/${name.account}`;
}

import { json, problem } from '../../control/admin/answers.ts';
import type { AdminAnswer, AdminRequest } from '../../control/admin/contract.ts';
import type { CreateMeshPages, MeshView } from '../../control/mesh-view.ts';
import type { Locate } from '../../diagnostics/origin.ts';
import { percentDecoded } from '../../lib/percent-encoding.ts';
import type { MeshModel } from '../../model/types.ts';
import { AccessMatrices } from './access.ts';
import { Audit } from './audit.ts';
import { cataloguePage } from './catalogue.ts';
import type { DiagnosticsPage, Overview } from './contract.ts';
import { readEjections } from './ejections.ts';
import { Events } from './events.ts';
import { explainQuery } from './explain.ts';
import { servicePage } from './service.ts';
import { SplitHistory, splitsPage } from './splits.ts';
import { topologyOf } from './topology.ts';
import { readTraffic, type Traffic } from './traffic.ts';

const defaultWindowSeconds = 30;
const maxWindowSeconds = 3_600;

/**
 * The data of the dashboard as JSON, under `/api/`: `overview`, `topology`, `services/NAMESPACE/NAME`, `splits`, `access`, `explain`,
 * `catalogue`, `ejections`, `audit`, `audit/ID`, `diagnostics`, and `events` for server-sent events. Those with traffic take `window`, such as `30s`.
 */
export const createDashboardPages: CreateMeshPages = (mesh) => {
  const pages = new DashboardPages(mesh);
  return {
    answer: (request) => pages.answer(request),
    changed: (change) => pages.changed(change),
  };
};

class DashboardPages {
  readonly #mesh: MeshView;
  readonly #audit = new Audit();
  readonly #history = new SplitHistory();
  readonly #matrices = new AccessMatrices();
  readonly #events: Events;

  constructor(mesh: MeshView) {
    this.#mesh = mesh;
    this.#events = new Events(mesh);
  }

  changed(change: Parameters<ReturnType<CreateMeshPages>['changed']>[0]): void {
    this.#audit.note(change, this.#locate);
    this.#history.note(change.after, change.generation, change.at);
  }

  async answer({ path, query, gone }: AdminRequest): Promise<AdminAnswer> {
    const [, , page = '', ...rest] = path.split('/');
    if (page === 'events') return this.#listen(gone);
    const model = this.#mesh.model();
    if (model === undefined) return problem(503, 'nothing has been read yet');
    const windowSeconds = parseWindow(query.get('window'));
    if (windowSeconds === undefined)
      return problem(400, `window must be seconds up to ${maxWindowSeconds}, such as 30s`);
    const about = rest.map(percentDecoded).join('/');
    const traffic = () => readTraffic(this.#mesh.ask, windowSeconds);
    const value = await this.#page(page, about, model, query, traffic);
    if (value === undefined) {
      const what = page === 'services' ? 'Service' : page;
      return problem(404, `there is no ${[what, about].filter((part) => part !== '').join(' ')}`);
    }
    return 'problem' in value ? problem(400, value.problem) : json(value.page);
  }

  async #page(
    page: string,
    about: string,
    model: MeshModel,
    query: URLSearchParams,
    traffic: () => Promise<Traffic>,
  ): Promise<{ readonly page: unknown } | { readonly problem: string } | undefined> {
    switch (page) {
      case 'overview':
        return { page: await this.#overview(model) };
      case 'topology':
        return { page: topologyOf(model, await traffic()) };
      case 'services': {
        const ejected = readEjections(this.#mesh.ask, model);
        const found = servicePage(this.#mesh, model, await traffic(), await ejected, about);
        return found === undefined ? undefined : { page: found };
      }
      case 'ejections': {
        const found = await readEjections(this.#mesh.ask, model);
        return found === undefined ? undefined : { page: found };
      }
      case 'splits':
        return { page: splitsPage(this.#mesh, model, await traffic(), this.#history) };
      case 'access':
        return { page: this.#matrices.page(model, await traffic(), query.get('namespace') ?? undefined) };
      case 'catalogue':
        return { page: cataloguePage(this.#mesh, model, await traffic()) };
      case 'audit': {
        const found = about === '' ? this.#audit.page() : this.#audit.detail(Number(about));
        return found === undefined ? undefined : { page: found };
      }
      case 'diagnostics':
        return { page: this.#diagnostics() };
      case 'explain': {
        const explained = explainQuery(model, query, this.#locate);
        return explained.ok ? { page: explained.value } : { problem: explained.error };
      }
      default:
        return undefined;
    }
  }

  #listen(gone: AbortSignal): AdminAnswer {
    const stream = this.#events.listen(gone);
    if (stream === undefined) return problem(429, 'too many listen already');
    return { status: 200, type: 'text/event-stream', headers: { 'cache-control': 'no-store' }, body: '', stream };
  }

  #diagnostics(): DiagnosticsPage {
    const refusals = this.#mesh.refusals().map(({ diagnostic, proxies }) => ({
      since: Math.min(...proxies.map(({ since }) => since)),
      proxies: proxies.map(({ node }) => node),
      detail: proxies[0]?.detail ?? '',
      finding: diagnostic,
    }));
    return { findings: this.#mesh.findings(), refusals };
  }

  async #overview(model: MeshModel): Promise<Overview> {
    const request = {
      method: 'GET',
      path: '/proxies',
      query: new URLSearchParams(),
      gone: new AbortController().signal,
    };
    const { proxies, absent } = JSON.parse((await this.#mesh.ask(request)).body) as {
      readonly proxies: readonly { readonly state: string }[];
      readonly absent: readonly string[];
    };
    const workloads = Object.values(model.workloads);
    const count = (severity: string) => this.#mesh.findings().filter((one) => one.severity === severity).length;
    return {
      trustDomain: model.trustDomain,
      accessMode: model.settings.accessMode,
      generation: this.#mesh.load()?.generation ?? 0,
      services: Object.keys(model.services).length,
      workloads: workloads.length,
      ready: workloads.filter(({ ready }) => ready).length,
      splits: model.telemetry.splits.length,
      proxies: {
        connected: proxies.length,
        behind: proxies.filter(({ state }) => state !== 'synced').length,
        absent: absent.length,
      },
      findings: { errors: count('error'), warnings: count('warning'), infos: count('info') },
    };
  }

  readonly #locate: Locate = (origin) => this.#mesh.load()?.locate(origin);
}

function parseWindow(text: string | null): number | undefined {
  if (text === null) return defaultWindowSeconds;
  const [, number, unit] = /^(\d+)(s|m)?$/.exec(text) ?? [];
  const seconds = Number(number) * (unit === 'm' ? 60 : 1);
  return seconds >= 1 && seconds <= maxWindowSeconds ? seconds : undefined;
}

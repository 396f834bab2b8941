import { Agent, request as httpRequest } from 'node:http';
import { assignLocal } from '../../../src/kubernetes/local-addressing.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { compile } from '../objects.ts';

type MeshInput = Parameters<typeof compile>[0];

/** A model whose pods have addresses 127.BASE.x.y, without anything denied. */
export function localMesh(input: MeshInput, base: number): MeshModel {
  const pods = assignLocal([], input.pods ?? [], input.services ?? [], base);
  const { model, diagnostics } = compile({ ...input, pods }, { accessMode: 'allow' });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  return model;
}

export interface Answer {
  /** 0 when none came. */
  readonly status: number;
  /** Whether it came to its end. */
  readonly complete: boolean;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | undefined>>;
  /** The pod that answered. */
  readonly program: string | undefined;
  readonly millis: number;
}

const answerMillis = 30_000;

/** A client program: what it asks goes through its own sidecar. */
export class Caller {
  readonly #model: MeshModel;
  readonly #from: WorkloadId;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(model: MeshModel, from: WorkloadId) {
    this.#model = model;
    this.#from = from;
  }

  /** `line` is `METHOD TARGET`. With `unfinished` the request's body never ends. */
  ask(
    service: string,
    line: string,
    headers: Readonly<Record<string, string>> = {},
    { unfinished = false }: { readonly unfinished?: boolean } = {},
  ): Promise<Answer> {
    const [method = '', path = ''] = line.split(' ');
    const { address: host, port } = this.#listener(service);
    const begun = performance.now();
    return new Promise((resolve) => {
      const request = httpRequest(
        { host, port, method, path, agent: this.#agent, headers: { host: service, ...headers }, timeout: answerMillis },
        (response) => {
          response.resume();
          const { statusCode = 0, headers: fields } = response;
          const done = () => {
            if (unfinished) request.destroy();
            resolve({
              status: statusCode,
              complete: response.complete,
              headers: fields,
              trailers: response.trailers,
              program: fields['x-program'] as string | undefined,
              millis: performance.now() - begun,
            });
          };
          response.once('end', done);
          response.once('error', done);
        },
      );
      request.once('timeout', () => request.destroy());
      request.once('error', () =>
        resolve({
          status: 0,
          complete: false,
          headers: {},
          trailers: {},
          program: undefined,
          millis: performance.now() - begun,
        }),
      );
      if (unfinished) request.write('begun');
      else request.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #listener(service: string): { readonly address: string; readonly port: number } {
    const bindings = this.#model.workloads[this.#from]?.outbound ?? [];
    const found = bindings === 'intercepted' ? undefined : bindings.find((one) => one.service === `default/${service}`);
    if (found === undefined) throw new Error(`${this.#from} has no listener for ${service}`);
    return found.listen;
  }
}

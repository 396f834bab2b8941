import type { IncomingMessage } from 'node:http';

/** What all bodies in memory may take together. */
export class BodyBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Whether there was room; then it is to be given back. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

/** The text of a body, or the status that says why there is none. */
export type Body = { readonly text: string } | { readonly status: number; readonly message: string };

/**
 * Reads a body of at most so many bytes and hands it to `use`; until that is done the bytes count against the budget.
 * Rejects when the peer goes away; how long that may take is the server's `requestTimeout`.
 */
export async function withBody<T>(
  request: IncomingMessage,
  limit: number,
  budget: BodyBudget,
  use: (body: Body) => Promise<T>,
): Promise<T> {
  let taken = 0;
  const read = async (): Promise<Body> => {
    const tooLarge = { status: 413, message: `the body has more than ${limit} bytes` };
    if (Number(request.headers['content-length'] ?? 0) > limit) return tooLarge;
    const chunks: Buffer[] = [];
    // Leaving the loop early must not destroy the connection that the refusal goes back on.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (taken + chunk.length > limit) return tooLarge;
      if (!budget.take(chunk.length)) return { status: 503, message: 'too many bodies at once' };
      taken += chunk.length;
      chunks.push(chunk);
    }
    return { text: Buffer.concat(chunks).toString('utf8') };
  };
  try {
    return await use(await read());
  } finally {
    budget.giveBack(taken);
  }
}

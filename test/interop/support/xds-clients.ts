import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureGoXdsClient, ensurePython } from '../../../scripts/interop.mjs';

const languages = ['node', 'python', 'go'] as const;
export type Language = (typeof languages)[number];

const file = (name: string) => fileURLToPath(new URL(`../xds/${name}`, import.meta.url));

const commands: Readonly<Record<Language, () => readonly string[]>> = {
  node: () => [process.execPath, file('client.ts')],
  python: () => [ensurePython(), file('client.py')],
  go: () => [ensureGoXdsClient()],
};

export type ClientCommand = { readonly command: readonly string[] } | { readonly missing: string };

/** With `CI=true` a missing language is a failure, so that no test is skipped unseen. */
export function clientCommands(): readonly (readonly [Language, ClientCommand])[] {
  return languages.map((language) => {
    try {
      return [language, { command: commands[language]() }];
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      return [language, { missing: (error as Error).message }];
    }
  });
}

export interface Calls {
  readonly target: string;
  /** `/PACKAGE.SERVICE/METHOD`. */
  readonly method?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly calls?: number;
}

/** How many calls had which answer; a call that failed is counted under its status code. */
export type Answers = Readonly<Record<string, number>>;

/** A program that makes calls when it is told to, one after the other. */
export class XdsClient {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor([program = '', ...args]: readonly string[], bootstrap: string) {
    const env = { ...process.env, GRPC_XDS_BOOTSTRAP: bootstrap };
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], env });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async call({ target, method = '/shop.Books/Get', metadata = {}, calls = 1 }: Calls): Promise<Answers> {
    this.#child.stdin!.write(`${JSON.stringify({ target, method, metadata, calls })}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the client ended');
    return JSON.parse(value);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

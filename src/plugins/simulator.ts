import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Artifact, Simulated, Surroundings } from '../adapter/contract.ts';
import type { TrafficRequest } from '../model/decision.ts';
import { readAnswer } from './answer.ts';
import { failure } from './failure.ts';
import { type ProgramLimits, questionText } from './program.ts';

/**
 * Runs beside: it owns the program, writes what comes to its input, and hands each line of its output on. The contract is
 * synchronous, and a program that is started anew for each request would take hours for what a proof asks.
 */
const besideSource = `
const { workerData: { program, port, signal, maxBytes } } = require('node:worker_threads');
const child = require('node:child_process').spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
const state = new Int32Array(signal);
Atomics.store(state, 1, child.pid ?? 0);
let pending = '';
const tell = (message) => {
  port.postMessage(message);
  Atomics.add(state, 0, 1);
  Atomics.notify(state, 0);
};
child.stdout.setEncoding('utf8');
child.stdout.on('data', (text) => {
  const lines = (pending + text).split('\\n');
  pending = lines.pop();
  for (const line of lines) tell({ line });
  if (pending.length > maxBytes) {
    tell({ fault: 'an answer is longer than ' + maxBytes + ' bytes' });
    child.kill('SIGKILL');
  }
});
child.stdin.on('error', () => undefined);
child.once('error', (error) => tell({ fault: error.message }));
child.once('close', (code, by) => {
  Atomics.store(state, 1, 0);
  tell({ fault: 'it ended with ' + (by ?? 'status ' + code) + (pending === '' ? '' : ' within an answer') });
  port.close();
});
port.on('message', (line) => (line === null ? child.kill('SIGKILL') : child.stdin.write(line)));
port.unref();
`;

/** Of each program that was started its number, and 0 once it has ended. None is left behind by this process. */
const started = new Set<Int32Array>();

function endStarted(): void {
  for (const state of started) {
    const pid = Atomics.load(state, 1);
    if (pid <= 0) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** A program that simulates has failed: what it would have said is not known. */
export class SimulatorFailed extends Error {}

type Message = { readonly line: string } | { readonly fault: string };

/**
 * Asks a program what documents do: it reads the documents on the first line, then a request on each line, and answers each
 * with a line. Throws `SimulatorFailed`, since the contract has no other answer.
 */
export function simulatorOf(
  program: string,
  { timeoutMillis, maxBytes }: ProgramLimits,
): (documents: readonly Artifact[], surroundings: Surroundings) => (request: TrafficRequest) => Simulated {
  return (documents, surroundings) => {
    const { trustDomain, services, workloads } = surroundings;
    // How many messages there were, and the number of the process.
    const signal = new SharedArrayBuffer(8);
    const state = new Int32Array(signal);
    if (started.size === 0) process.once('exit', endStarted);
    started.add(state);
    const { port1: here, port2: port } = new MessageChannel();
    const workerData = { program, port, signal, maxBytes };
    const worker = new Worker(besideSource, { eval: true, workerData, transferList: [port] });
    worker.unref();
    here.unref();
    let heard = 0;
    const next = (): Message => {
      const timedOut = Atomics.wait(state, 0, heard, timeoutMillis) === 'timed-out';
      heard += 1;
      const message = receiveMessageOnPort(here)?.message as Message | undefined;
      if (message !== undefined && !timedOut) return message;
      here.postMessage(null);
      return { fault: `no answer within ${timeoutMillis / 1000} s` };
    };
    here.postMessage(questionText('simulate', { documents, surroundings: { trustDomain, services, workloads } }));
    return (request) => {
      here.postMessage(`${JSON.stringify(request)}\n`);
      const message = next();
      if ('fault' in message) throw new SimulatorFailed(failure(program, `simulate: ${message.fault}`).message);
      const answer = readAnswer(program, 'simulate', message.line);
      if (!answer.ok) throw new SimulatorFailed(answer.error.map(({ message: text }) => text).join('; '));
      return answer.value;
    };
  };
}

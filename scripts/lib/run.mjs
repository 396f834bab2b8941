// Child processes for the scripts.
import { spawn } from 'node:child_process';
import { StepError } from './steps.mjs';

/**
 * Runs a program to its end and gives its exit code and its output (both streams, in order of arrival). A program that
 * does not exist is a StepError with `missing` as the hint.
 */
export function run(command, args, { cwd, env, missing } = {}) {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => reject(notStarted(command, error, missing)));
    child.on('close', (code, signal) => resolve({ code: code ?? 1, signal, output }));
  });
}

/**
 * Runs a program in the foreground with this one's streams. Interrupts reach it (from the terminal, or passed on when
 * only this process got them), and the result is the exit code that this program should end with.
 */
export function foreground(command, args, { cwd, env, missing } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const forward = (signal) => {
      // On a terminal the whole foreground group already got Ctrl-C: a second one would cut the clean stop short.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    child.on('error', (error) => reject(notStarted(command, error, missing)));
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + (signalNumbers[signal] ?? 1));
    });
  });
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function notStarted(command, error, missing) {
  if (error.code === 'ENOENT') return new StepError(`${command} is missing`, { hint: missing });
  return new StepError(`${command} could not be started: ${error.message}`);
}

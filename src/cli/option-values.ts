import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../lib/duration.ts';

export interface HostPort {
  /** Without the brackets of an IPv6 address. */
  readonly address: string;
  readonly port: number;
}

/** Reads the value of an option that is a host or address and a port. */
export function hostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('Write a host and a port, such as 10.0.0.5:15010.');
  }
  return { address: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
}

/** Reads the value of an option that is a time of at least so many milliseconds; `examples` are for who writes another. */
export function duration(leastMillis: number, examples: string): (text: string) => number {
  return (text) => {
    const millis = parseDuration(text);
    if (millis === undefined || millis < leastMillis)
      throw new InvalidArgumentError(`Write a time such as ${examples}.`);
    return millis;
  };
}

/** Reads the value of an option that is a whole number. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

type Values = Readonly<Record<string, unknown>>;

/** Reads values of the form `NAME=VALUE`, each name once. */
export function keyAndValue(text: string, before: Values): Values {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write a name and a value, such as channel=experimental.');
  const key = text.slice(0, equals);
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`${key} is given twice.`);
  return { ...before, [key]: typedValue(text.slice(equals + 1)) };
}

/** `true`, `false` and whole numbers are such, everything else is text. */
function typedValue(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}

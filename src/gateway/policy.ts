import type { Field } from '../kubernetes/field.ts';
import type { FieldOrigin, HeaderEdits, RequestPolicy, RetryCondition } from '../model/policy.ts';
import { durationLimits, fullShare, sharesPerPercent } from '../policy/limits.ts';
import { isReservedHeader } from '../policy/reserved-headers.ts';
import { readBackend } from './backend.ts';
import type { Reading } from './reading.ts';
import type { RulePolicy } from './types.ts';

const failing = 'requests that the rule takes fail';

/** What a rule asks of clients beside its backends, and whether something of it that must not be skipped cannot be said. */
export function policyOf(
  rule: Field,
  namespace: string,
  reading: Reading,
): { readonly policy: RulePolicy; readonly fails: boolean } {
  const reader = new PolicyReader(namespace, reading);
  for (const filter of rule.at('filters').items()) reader.filter(filter);
  reader.timeouts(rule.at('timeouts'));
  reader.retry(rule.at('retry'), rule.at('timeouts').at('backendRequest').present);
  const session = rule.at('sessionPersistence');
  if (session.present) {
    reading.report('SMI4704', session, `${session.path} is not kept: requests of a session may go to several backends`);
  }
  return reader;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

class PolicyReader {
  fails = false;
  readonly #namespace: string;
  readonly #reading: Reading;
  readonly #fields: Writable<Omit<RequestPolicy, 'mirror'>> = {};
  readonly #origins: FieldOrigin[] = [];
  readonly #seen = new Set<string>();
  #mirror: RulePolicy['mirror'];

  constructor(namespace: string, reading: Reading) {
    this.#namespace = namespace;
    this.#reading = reading;
  }

  get policy(): RulePolicy {
    const mirror = this.#mirror;
    return { fields: this.#fields, ...(mirror === undefined ? {} : { mirror }), origins: this.#origins };
  }

  filter(filter: Field): void {
    const type = filter.at('type').text() ?? '';
    const again = this.#seen.has(type) && type !== 'RequestMirror';
    this.#seen.add(type);
    if (again) this.#fail(filter, `${filter.path} repeats the filter ${type}`);
    else if (type === 'RequestHeaderModifier') this.#edits('request', filter.at('requestHeaderModifier'));
    else if (type === 'ResponseHeaderModifier') this.#edits('response', filter.at('responseHeaderModifier'));
    else if (type === 'RequestMirror') this.#mirrorTo(filter.at('requestMirror'));
    else this.#fail(filter, `the mesh cannot say the filter ${type === '' ? 'without type' : type}`);
  }

  timeouts(field: Field): void {
    this.#known(field, ['request', 'backendRequest']);
    const request = this.#reading.duration(field.at('request'), limitsOf('timeouts.request'));
    const perTry = this.#reading.duration(field.at('backendRequest'), limitsOf('timeouts.perTry'));
    if (request === undefined && perTry === undefined) return;
    this.#fields.timeouts = {
      ...(request === undefined ? {} : { request }),
      ...(perTry === undefined ? {} : { perTry }),
    };
    if (request !== undefined) this.#says('timeouts.request', field.at('request'));
    if (perTry !== undefined) this.#says('timeouts.perTry', field.at('backendRequest'));
  }

  retry(field: Field, limited: boolean): void {
    if (!field.present) return;
    this.#known(field, ['attempts', 'codes', 'backoff']);
    const stated = field.at('attempts').integer(0, 1_000_000) ?? 1;
    const attempts = Math.min(stated, 10);
    if (attempts < stated) {
      this.#reading.report('SMI4704', field.at('attempts'), `of ${stated} tries more, ${attempts} are made`);
    }
    const base = this.#reading.duration(field.at('backoff'), limitsOf('retries.backoff.base'));
    const codes = field.at('codes');
    this.#fields.retries = {
      on: ['connectFailure', ...this.#conditions(codes), ...(limited ? (['perTryTimeout'] as const) : [])],
      attempts,
      ...(base === undefined ? {} : { backoff: { base } }),
    };
    this.#says('retries.retryOn', codes.present ? codes : field);
    this.#says('retries.attempts', field.at('attempts').present ? field.at('attempts') : field);
    if (base !== undefined) this.#says('retries.backoff.base', field.at('backoff'));
  }

  #conditions(codes: Field): readonly RetryCondition[] {
    const asked = codes.items().flatMap((item) => item.integer(400, 599) ?? []);
    const gateway = [502, 503, 504];
    const kept = [...(gateway.every((code) => asked.includes(code)) ? gateway : []), 429];
    const lost = [...new Set(asked.filter((code) => !kept.includes(code)))];
    if (lost.length > 0) {
      const message = `answers ${lost.join(', ')} are not tried again: the mesh knows 429, and 502, 503 and 504 together`;
      this.#reading.report('SMI4704', codes, message);
    }
    return [
      ...(kept.length > 1 ? (['gatewayError'] as const) : []),
      ...(asked.includes(429) ? (['rateLimited'] as const) : []),
    ];
  }

  #edits(of: 'request' | 'response', field: Field): void {
    this.#known(field, ['set', 'add', 'remove']);
    const edits: Writable<HeaderEdits> = {};
    for (const name of ['set', 'add'] as const) {
      const lines = field.at(name).items();
      if (lines.length === 0) continue;
      const found = new Map<string, string>();
      // Of several for one name the first counts.
      for (const [header, value] of lines.flatMap((line) => this.#line(line))) {
        if (!found.has(header)) found.set(header, value);
      }
      edits[name] = Object.fromEntries(found);
      this.#says(`headers.${of}.${name}`, field.at(name));
    }
    const remove = field.at('remove').items();
    if (remove.length > 0) {
      edits.remove = remove.flatMap((item) => this.#name(item, item.text()) ?? []);
      this.#says(`headers.${of}.remove`, field.at('remove'));
    }
    if (Object.keys(edits).length > 0) this.#fields.headers = { ...this.#fields.headers, [of]: edits };
  }

  #line(line: Field): readonly [string, string][] {
    this.#known(line, ['name', 'value']);
    const name = this.#name(line.at('name'), line.at('name').text());
    const value = line.at('value').text();
    if (value === undefined || !/^[!-~](?:[ -~]{0,4094}[!-~])?$/.test(value)) {
      this.#fail(line.at('value'), `${line.path} has no value of visible characters`);
      return [];
    }
    return name === undefined ? [] : [[name, value]];
  }

  #name(field: Field, text: string | undefined): string | undefined {
    const name = text?.toLowerCase();
    if (name !== undefined && /^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$/.test(name) && !isReservedHeader(name)) return name;
    this.#fail(field, `"${name ?? ''}" is no header that may be changed`);
    return undefined;
  }

  /** A copy that goes nowhere is left out, as the API wants it; what it asks for and cannot be said too. */
  #mirrorTo(field: Field): void {
    this.#known(field, ['backendRef', 'percent', 'fraction']);
    if (this.#mirror !== undefined) {
      this.#reading.report('SMI4704', field, `${field.path} is not kept: a request is mirrored once`);
      return;
    }
    const percent = field.at('percent').integer(0, 100);
    const fraction = field.at('fraction');
    const numerator = fraction.at('numerator').integer(0, 2 ** 31) ?? 0;
    const denominator = fraction.at('denominator').integer(1, 2 ** 31) ?? 100;
    const exact = (numerator / denominator) * fullShare;
    const share = fraction.present
      ? Math.min(Math.round(exact), fullShare)
      : percent === undefined
        ? fullShare
        : percent * sharesPerPercent;
    if (fraction.present && Math.abs(exact - share) > 1e-6) {
      const message = `${numerator}/${denominator} is kept as ${share / sharesPerPercent} percent`;
      this.#reading.report('SMI4704', fraction, message, { severity: 'info' });
    }
    this.#mirror = { to: readBackend(field.at('backendRef'), this.#namespace, this.#reading), share };
    this.#says('mirror', field);
  }

  #known(field: Field, names: readonly string[]): void {
    if (this.#reading.hasUnknown('SMI4702', field, names, failing)) this.fails = true;
  }

  #fail(field: Field, what: string): void {
    this.fails = true;
    this.#reading.report('SMI4702', field, `${what}: ${failing}`);
  }

  #says(path: string, { path: place }: Field): void {
    this.#origins.push({ object: this.#reading.key, path: place, says: `spec.${path}` });
  }
}

function limitsOf(path: string): readonly [number, number] {
  return durationLimits[path] ?? [0, 0];
}

import { err, type NonEmpty, ok, type Result } from '../../src/adapter/index.ts';
import { type Diagnostic, diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { describeValue, isRecord } from '../../src/lib/values.ts';

const choices = {
  /** Which fields of the API may be used. */
  channel: ['standard', 'experimental'],
  /** The API has no access control: whether somebody else enforces what TrafficTargets say. */
  access: ['refuse', 'elsewhere'],
  /** Whether matches that only a RegularExpression says are written, which the API leaves to implementations. */
  regex: ['implementation', 'refuse'],
  /** What ports that are called `grpc` or `grpc-...` get where it can say the same; a GRPCRoute takes nothing but calls. */
  grpc: ['HTTPRoute', 'GRPCRoute'],
} as const;

export type GatewayApiOptions = { readonly [Name in keyof typeof choices]: (typeof choices)[Name][number] };

/** Reads options; each has its first value where nothing is said. */
export function parseOptions(input: unknown): Result<GatewayApiOptions, NonEmpty<Diagnostic>> {
  if (input !== undefined && !isRecord(input)) return err([refused(`the options are ${describeValue(input)}`)]);
  const given = input ?? {};
  const known: readonly string[] = Object.keys(choices);
  const [first, ...others] = [
    ...Object.keys(given)
      .filter((name) => !known.includes(name))
      .map((name) => refused(`there is no option ${name}: ${known.join(', ')} are known`)),
    ...Object.entries(choices).flatMap(([name, values]) => {
      const value = given[name];
      if (value === undefined || values.some((choice) => choice === value)) return [];
      return [refused(`${name} is ${values.join(' or ')}, not ${describeValue(value)}`)];
    }),
  ];
  if (first !== undefined) return err([first, ...others]);
  const chosen = Object.entries(choices).map(([name, [preset]]) => [name, given[name] ?? preset]);
  return ok(Object.fromEntries(chosen) as GatewayApiOptions);
}

function refused(message: string): Diagnostic {
  return diagnostic('SMI5003', { message });
}

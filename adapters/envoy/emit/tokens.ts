import type { JwtProvider } from '../../../src/model/policy.ts';

/** Where, among what Envoy knows of a request, it is noted why its token is refused. */
export const failureKey = 'failure';

/** An issuer of one policy. */
export interface NamedProvider {
  /** Unique at the port. */
  readonly name: string;
  readonly jwt: JwtProvider;
}

/** The lower-case header in which its tokens are. */
export function tokenHeader({ fromHeader }: JwtProvider): string {
  return fromHeader ?? 'authorization';
}

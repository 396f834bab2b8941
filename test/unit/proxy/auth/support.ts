import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface Issuer {
  /** The public JWK Set. */
  readonly jwks: string;
  /** A claim that is undefined is left out; `nameless` tokens do not say which key signed them. */
  sign(claims?: Readonly<Record<string, unknown>>, nameless?: 'nameless'): Promise<string>;
}

export const issuerName = 'https://issuer.example';
/** Seconds since the epoch that tokens of these tests live around. */
export const epoch = 1_800_000_000;

/** An issuer with one key; tokens are for `store` and end 60 seconds after `epoch`. */
export async function issuer(alg = 'ES256', kid = 'one'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg };
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    sign: (claims = {}, nameless) =>
      new SignJWT({ iss: issuerName, aud: 'store', exp: epoch + 60, ...claims } as JWTPayload)
        .setProtectedHeader(nameless === undefined ? { alg, kid } : { alg })
        .sign(privateKey),
  };
}

import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
  SignJWT,
} from "jose";
import type { KeyRing } from "./key-ring.ts";

/** Signs claims (HS256) with the ring's current key, which the header names; lives `ttlSeconds`. */
export async function signToken(
  keys: KeyRing,
  claims: JWTPayload & { iss: string; aud: string; sub: string },
  ttlSeconds: number,
): Promise<string> {
  const { id, hmac } = keys.current();
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: id })
    .setIssuedAt()
    .setExpirationTime(`${ttlSeconds}s`)
    .sign(hmac);
}

/**
 * The claims of a token that a key of the ring has signed (HS256), with expiry and subject. A token that
 * names no key, as older versions signed, is tried with each. Rejects with jose's errors.
 */
export async function verifyToken(
  keys: KeyRing,
  token: string,
  expected: Required<Pick<JWTVerifyOptions, "issuer" | "audience">>,
): Promise<JWTPayload> {
  const options = { ...expected, algorithms: ["HS256"], requiredClaims: ["exp", "sub"] };
  let refused: unknown;
  for (const { hmac } of keys.candidates(keyNamedBy(token))) {
    try {
      return (await jwtVerify(token, hmac, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      refused = error;
    }
  }
  throw refused ?? new errors.JWSSignatureVerificationFailed();
}

function keyNamedBy(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (cause) {
    // A bare TypeError, as jose throws here, would pass for a failure to fetch keys.
    throw new errors.JWSInvalid("the protected header cannot be read", { cause });
  }
}

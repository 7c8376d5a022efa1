import { generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { exportJWK, type JSONWebKeySet, SignJWT } from "jose";

export const ISSUER = "https://issuer.test";
export const AUDIENCE = "shop";

export interface TestIssuer {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwks: JSONWebKeySet;
}

/** A key pair of an issuer of users' tokens, and its key set. */
export async function testIssuer(type: "EC" | "RSA" = "EC", kid = "k1"): Promise<TestIssuer> {
  const { privateKey, publicKey } =
    type === "EC"
      ? await promisify(generateKeyPair)("ec", { namedCurve: "P-256" })
      : await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const alg = type === "EC" ? "ES256" : "RS256";
  return {
    privateKey,
    publicKey,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: "sig" }] },
  };
}

/** A token of the user `sub` that the gateway under test takes for an hour. */
export function userToken(issuer: TestIssuer, sub: string, expiresIn = "1h"): Promise<string> {
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub })
    .setProtectedHeader({ alg: "ES256", kid: "k1" })
    .setExpirationTime(expiresIn)
    .sign(issuer.privateKey);
}

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { DEV_AUDIENCE, DEV_ISSUER } from "./processes.ts";

/** Secrets of a development platform, made once and kept in files that only their owner can read. */
export interface DevSecrets {
  readonly internalTokenSecret: string;
  readonly sessionSecret: string;
  readonly catalogAdminToken: string;
  readonly redisPassword: string;
  readonly jwksFile: string;
}

/** Reads the secrets of `dir`, making them where missing. */
export async function devSecrets(dir: string): Promise<DevSecrets> {
  mkdirSync(dirname(dir), { recursive: true, mode: 0o711 });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "secrets.json");
  const jwksFile = join(dir, "jwks.json");
  if (!existsSync(file)) {
    const word = () => randomBytes(32).toString("hex");
    const secrets = {
      internalTokenSecret: word(),
      sessionSecret: word(),
      catalogAdminToken: word(),
      redisPassword: word(),
    };
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  }
  if (!existsSync(jwksFile)) {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    writeFileSync(join(dir, "signing-key.json"), JSON.stringify(await exportJWK(privateKey)), {
      mode: 0o600,
    });
    const jwk = { ...(await exportJWK(publicKey)), kid: "dev", alg: "ES256", use: "sig" };
    writeFileSync(jwksFile, JSON.stringify({ keys: [jwk] }));
  }
  return { ...(JSON.parse(readFileSync(file, "utf8")) as Omit<DevSecrets, "jwksFile">), jwksFile };
}

/** A token for a named user, signed with the development key of `dir`, good for an hour. */
export async function userToken(dir: string, user: string): Promise<string> {
  const jwk = JSON.parse(readFileSync(join(dir, "signing-key.json"), "utf8")) as JWK;
  return new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: "dev" })
    .setIssuer(DEV_ISSUER)
    .setAudience(DEV_AUDIENCE)
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(await importJWK(jwk, "ES256"));
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { makeCertificates } from "../../testkit/certificates.ts";
import { redisUrl } from "../redis/redis-url.ts";
import { authorityFile, authorityNeedsTls } from "./authority.ts";
import { readEnv } from "./env.ts";

describe("A file with the authority of a private certificate", () => {
  const { dir, caFile, ca, certFile, keyFile } = makeCertificates();
  const schema = z
    .object({ REDIS_URL: redisUrl(), REDIS_CA_FILE: authorityFile().optional() })
    .superRefine(authorityNeedsTls("REDIS", "rediss"), { when: () => true });
  const read = (env: Record<string, string>) => readEnv(schema, { REDIS_URL: "rediss://h", ...env });
  const faultsOf = (env: Record<string, string>) => {
    const result = read(env);
    return result.ok ? [] : result.error.map(({ variable, message }) => `${variable} ${message}`);
  };

  it("gives its certificates, one or several, whatever stands around them", () => {
    const bundle = join(dir, "bundle.pem");
    writeFileSync(bundle, `# ours\n${ca}\n# theirs\n${readFileSync(certFile, "utf8")}`);
    const result = read({ REDIS_CA_FILE: bundle });
    const certificates = result.ok ? result.value.REDIS_CA_FILE?.match(/BEGIN CERTIFICATE/g) : [];
    expect(certificates).to.have.length(2);
    expect(faultsOf({ REDIS_CA_FILE: caFile })).to.deep.equal([]);
  });

  it("must be there and be one; what it holds is not repeated", () => {
    const broken = join(dir, "broken.pem");
    writeFileSync(broken, ca.replace(/\n.{20}/, "\nAAAA"));
    expect(faultsOf({ REDIS_CA_FILE: "/nowhere.pem" })[0]).to.match(/^REDIS_CA_FILE cannot be read: ENOENT/);
    expect(faultsOf({ REDIS_CA_FILE: keyFile })).to.deep.equal([
      "REDIS_CA_FILE must be a PEM file, and holds no BEGIN CERTIFICATE",
    ]);
    expect(faultsOf({ REDIS_CA_FILE: broken })).to.deep.equal([
      "REDIS_CA_FILE must be a PEM file, and holds a certificate that cannot be parsed",
    ]);
  });

  it("is a fault beside a URL without TLS, and not when the URL itself is at fault", () => {
    expect(faultsOf({ REDIS_URL: "redis://h", REDIS_CA_FILE: caFile })).to.deep.equal([
      "REDIS_CA_FILE is for TLS: REDIS_URL must start with rediss://",
    ]);
    expect(faultsOf({ REDIS_URL: "", REDIS_CA_FILE: caFile })).to.have.length(1);
    expect(faultsOf({ REDIS_URL: "redis://h", REDIS_CA_FILE: "" })).to.have.length(1);
    expect(faultsOf({ REDIS_URL: "redis://h" })).to.deep.equal([]);
  });
});

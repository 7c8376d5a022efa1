import { expect } from "chai";
import { makeCertificates } from "../../testkit/certificates.ts";
import { parseDatabaseUrl } from "./database-url.ts";

describe("a DATABASE_URL", () => {
  it("names a PostgreSQL database, which the driver reads itself", () => {
    for (const url of ["postgres://u:p@h:1/d", "postgresql://u:p@h/d?sslmode=require"])
      expect(parseDatabaseUrl(url)).to.deep.equal({ dialect: "postgres", url });
  });

  it("names a SQL Server database, encrypted on port 1433 unless told otherwise", () => {
    expect(parseDatabaseUrl("sqlserver://sa:secret@db.example/shop")).to.deep.equal({
      dialect: "sqlserver",
      host: "db.example",
      port: 1433,
      user: "sa",
      password: "secret",
      database: "shop",
      encrypt: true,
      trustServerCertificate: false,
      multiSubnetFailover: false,
      ca: null,
      requestTimeoutMs: null,
    });
    const told = parseDatabaseUrl("sqlserver://sa:x@h:14330/shop?encrypt=false&trustServerCertificate=true");
    expect(told).to.include({ port: 14_330, encrypt: false, trustServerCertificate: true });
    expect(parseDatabaseUrl("sqlserver://sa:x@h/shop?requestTimeout=60000")).to.include({
      requestTimeoutMs: 60_000,
    });
    const { caFile } = makeCertificates();
    const listener = `sqlserver://sa:x@h/shop?multiSubnetFailover=true&ca=${caFile}`;
    expect(parseDatabaseUrl(listener)).to.include({ multiSubnetFailover: true });
    expect(parseDatabaseUrl(listener)).to.have.property("ca").that.includes("BEGIN CERTIFICATE");
  });

  it("may hold any user and password, percent-encoded", () => {
    const url = `sqlserver://${encodeURIComponent("do@main\\sa")}:${encodeURIComponent("a/b:c@d?e#f%é")}@h/shop`;
    expect(parseDatabaseUrl(url)).to.include({ user: "do@main\\sa", password: "a/b:c@d?e#f%é" });
  });

  it("is refused with what to fix, and the password is not repeated", () => {
    const faults: [string, RegExp][] = [
      ["hunter2", /must be a URL such as/],
      ["mysql://u:hunter2@h/d", /must start with postgres:\/\/ or sqlserver:\/\//],
      ["postgres://u:hunter2@h", /names no database/],
      ["sqlserver://u:hunter2@h", /must look like sqlserver:\/\/user:password@host/],
      ["sqlserver://:hunter2@h/d", /must look like/],
      ["sqlserver://u:hunter2@h/a;b", /must look like/],
      ["sqlserver://u:hunter2%@h/d", /%25/],
      ["sqlserver://u:hunter2@h/d?ca=/not/there.pem", /ca, a file that cannot be read.*no such file/],
      ["sqlserver://u:hunter2@h/d?ca=/dev/null", /ca, a file that must be a PEM file/],
      ["postgres://u:hunter2@h/d?sslrootcert=/not/there.pem", /sslrootcert, a file that cannot be read/],
      ["sqlserver://u:hunter2@h/d?Encrypt=false", /option that is not known; there are encrypt, trust/],
      ["sqlserver://u:hunter2@h/d?requestTimeout=999", /has requestTimeout not within 1000 and 600000/],
      ["sqlserver://u:hunter2@h/d?requestTimeout=6e4", /has requestTimeout not within/],
      ["sqlserver://u:hunter2@h/d?encrypt=yes", /has encrypt neither true nor false/],
    ];
    for (const [url, fault] of faults) {
      expect(() => parseDatabaseUrl(url), url)
        .to.throw(fault)
        .with.property("message")
        .that.does.not.include("hunter2");
    }
  });
});

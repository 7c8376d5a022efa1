import { expect } from "chai";
import mssql from "mssql";
import { isUnavailableSqlServer, leavesSessionInDoubt, poolConfig } from "./sqlserver.ts";

const failure = (fields: { number?: number; code?: string }) =>
  Object.assign(new mssql.RequestError(new Error("no")), fields);

describe("a failure of SQL Server", () => {
  it("leaves the session in doubt unless it is known not to", () => {
    for (const number of [1205, 2627, 208, 51_000, 51_001])
      expect(leavesSessionInDoubt(failure({ number })), String(number)).to.equal(false);
    for (const fields of [
      { number: 33_557_097 },
      { code: "ETIMEOUT" },
      { code: "ESOCKET" },
      { number: 40_613 },
    ])
      expect(leavesSessionInDoubt(failure(fields)), JSON.stringify(fields)).to.equal(true);
    expect(leavesSessionInDoubt(new Error("thrown by the work in a transaction"))).to.equal(false);
  });

  it("is known as passing when the server or Azure says so, also behind another error", () => {
    for (const fields of [{ number: 40_613 }, { number: 40_501 }, { number: 49_918 }, { code: "ESOCKET" }])
      expect(isUnavailableSqlServer(new Error("migration 1 failed", { cause: failure(fields) }))).to.equal(
        true,
      );
    expect(isUnavailableSqlServer(failure({ number: 208, code: "EREQUEST" }))).to.equal(false);
    expect(isUnavailableSqlServer(null)).to.equal(false);
  });
});

describe("the settings of the driver for SQL Server", () => {
  it("pass on the options of the URL", () => {
    const address = {
      dialect: "sqlserver",
      host: "h",
      port: 1,
      user: "u",
      password: "p",
      database: "d",
      encrypt: true,
      trustServerCertificate: false,
      multiSubnetFailover: true,
      ca: "PEM",
      requestTimeoutMs: null,
    } as const;
    const { options } = poolConfig(address, { poolSize: 1, requestTimeoutMs: 1 });
    expect(options).to.deep.include({
      multiSubnetFailover: true,
      cryptoCredentialsDetails: { ca: "PEM" },
      encrypt: true,
      trustServerCertificate: false,
    });
  });
});

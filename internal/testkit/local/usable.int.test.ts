import { expect } from "chai";
import { parseAmqpUrl } from "../../platform/amqp/amqp-url.ts";
import { parseDatabaseUrl } from "../../platform/sql/database-url.ts";
import type { SqlServerAddress } from "../../platform/sql/sqlserver.ts";
import { makeCertificates } from "../certificates.ts";
import { sqlServerUrl } from "../servers/database.ts";
import { freePort } from "../servers/free-port.ts";
import type { RabbitServer } from "../servers/rabbitmq.ts";
import { onTeardown, ownRabbit } from "../servers/test-servers.ts";
import { openGate, type TcpGate } from "../tcp-gate.ts";
import { tryBroker } from "./try-broker.ts";
import { tryDatabase } from "./try-database.ts";
import { type Unusable, untilUsable } from "./usable.ts";

describe("A server that a variable of make up names", function () {
  this.timeout(120_000);
  /** Longer than one attempt takes that gets no answer. */
  const SILENT_MS = 4_000;
  let rabbit: RabbitServer;
  let gate: TcpGate;
  let tlsPort: number;
  let closedPort: number;
  before(async () => {
    const { caFile, certFile, keyFile } = makeCertificates();
    [tlsPort, closedPort] = [await freePort(), await freePort()];
    rabbit = await ownRabbit({ tls: { port: tlsPort, caFile, certFile, keyFile } });
    gate = await openGate({ host: "127.0.0.1", port: rabbit.amqpPort });
    onTeardown(() => gate.close());
  });

  /** What is said of it: the fault, or "usable", and before it what was waited for. */
  const verdict = async (attempt: () => Promise<Unusable | null>, patienceMs = 1_000) => {
    const waits: string[] = [];
    const say = (line: string) => waits.push(line);
    const fault = await untilUsable("AMQP_URL", attempt, { patienceMs, say }).then(
      () => "usable",
      (error: Error) => error.message,
    );
    return { fault, waits };
  };
  const broker = (url: string) => () =>
    tryBroker({ address: parseAmqpUrl(url), exchange: "cart.events", addressVersion: "auto" });
  const database = (url: string) => () => tryDatabase(parseDatabaseUrl(url) as SqlServerAddress);
  const at = (port: number) => rabbit.relayUrl.replace(/:\d+$/, `:${port}`);

  for (const [what, url, reason] of [
    [
      "refuses the password",
      () => rabbit.relayUrl.replace(/relay:\w+@/, "relay:s3cret@"),
      /user or password/,
    ],
    ["has no such virtual host", () => `${rabbit.relayUrl}/nowhere`, /virtual host: create it/],
    ["speaks no TLS", () => rabbit.relayUrl.replace("amqp:", "amqps:"), /amqp:\/\/ in place of amqps/],
    [
      "has a certificate that nobody trusts",
      () => at(tlsPort).replace("amqp:", "amqps:"),
      /certificate is not trusted .*AMQP_CA_FILE/,
    ],
  ] as const)
    it(`is not waited for when it ${what}`, async () => {
      const { fault, waits } = await verdict(broker(url()));
      expect(fault)
        .to.match(/^AMQP_URL names a server that cannot be used: .+$/)
        .and.to.match(reason);
      expect(fault).to.not.contain(new URL(url()).password);
      expect(waits).to.deep.equal([]);
    });

  for (const [what, attempt] of [
    ["broker where nothing listens", () => broker(at(closedPort))],
    ["database where nothing listens", () => database(`sqlserver://a:s3cret@127.0.0.1:${closedPort}/d`)],
    ["database that never answers", () => database(`sqlserver://a:s3cret@127.0.0.1:${gate.port}/d`)],
  ] as const)
    it(`is waited for in bounds: a ${what}`, async () => {
      gate.freeze();
      const { fault, waits } = await verdict(attempt(), SILENT_MS);
      gate.thaw();
      expect(fault)
        .to.match(/^AMQP_URL names a server that cannot be used: .+$/)
        .and.to.not.contain("s3cret");
      expect(waits).to.have.length(1);
      if (!what.includes("never")) expect(fault).to.contain("ECONNREFUSED");
      expect(waits[0]).to.contain("wait up to 4 s for the server of AMQP_URL (");
    });

  it("is used when it is there, and when it comes while it is waited for", async () => {
    expect(await verdict(broker(rabbit.relayUrl))).to.deep.equal({ fault: "usable", waits: [] });
    gate.shut();
    const { fault, waits } = await verdict(async () => {
      const unusable = await broker(at(gate.port))();
      gate.open();
      return unusable;
    });
    expect([fault, waits.length]).to.deep.equal(["usable", 1]);
  });

  it("may be a SQL Server, whose refusal of login and encryption is not waited for", async function () {
    const url = sqlServerUrl();
    if (url === null) return this.skip();
    expect((await verdict(database(url.href))).fault).to.equal("usable");
    const wrong = new URL(url);
    wrong.username = "nobody";
    const refused = await verdict(database(wrong.href));
    expect(refused.fault).to.match(/^AMQP_URL names a server that cannot be used: .*nobody/);
    const distrusted = new URL(url);
    distrusted.search = "?encrypt=true";
    const doubted = await verdict(database(distrusted.href));
    expect(doubted.fault).to.match(/certificate is not trusted|did not negotiate encryption/);
    expect([refused.waits, doubted.waits]).to.deep.equal([[], []]);
  });
});

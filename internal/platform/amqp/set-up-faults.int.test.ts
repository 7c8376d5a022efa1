import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { type RabbitServer, startRabbit } from "../../testkit/servers/rabbitmq.ts";
import { onTeardown, tempDir, testRabbit } from "../../testkit/servers/test-servers.ts";
import { parseAmqpUrl } from "./amqp-url.ts";
import { createAmqpSender } from "./sender.ts";

describe("A fault of the set-up that does not pass, on a real RabbitMQ", function () {
  this.timeout(240_000);
  let rabbit: RabbitServer;
  before(async () => {
    rabbit = await testRabbit();
    await rabbit.manage("PUT", "vhosts/closed", {});
  });
  after(() => rabbit?.manage("DELETE", "vhosts/closed"));

  /** Every line that was logged in three attempts and more, until one of them says `what`. */
  async function linesOf(url: string, what = /./): Promise<{ level: string; reason: string }[]> {
    const { log, lines } = recordingLogger();
    const said = () => lines.some(({ reason }) => what.test(String(reason)));
    let attempts = 0;
    const sender = createAmqpSender({
      address: parseAmqpUrl(url),
      exchange: "cart.events",
      addressVersion: "auto",
      sendTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
      log,
      onState: () => attempts++,
    });
    await eventually("it was tried again and again", () => attempts >= 3 && said(), { timeoutMs: 150_000 });
    await sender.close();
    return lines.map(({ level, reason }) => ({ level, reason: String(reason) }));
  }

  for (const [what, url, fix] of [
    [
      "a virtual host that is not there",
      () => `${rabbit.relayUrl}/nowhere`,
      /virtual host: create it, or give/,
    ],
    [
      "a virtual host that is closed to the user",
      () => `${rabbit.relayUrl}/closed`,
      /virtual host: create it/,
    ],
    ["a wrong password", () => rabbit.relayUrl.replace(/relay:\w+@/, "relay:x@"), /user or password/],
    [
      "TLS where there is none",
      () => rabbit.relayUrl.replace("amqp:", "amqps:"),
      /amqp:\/\/ in place of amqps/,
    ],
  ] as const)
    it(`says once what to change about ${what}`, async () => {
      const lines = await linesOf(url());
      expect(lines).to.have.length(1);
      expect(lines[0]!.level).to.equal("error");
      expect(lines[0]!.reason).to.match(fix);
    });

  it("says that RabbitMQ 3 lacks the plugin", async function () {
    if (rabbit.major !== 3) {
      console.log("      skipped: RabbitMQ 4 speaks AMQP 1.0 without a plugin; make test runs it");
      return this.skip();
    }
    const dir = tempDir("rabbitmq");
    const bare = await startRabbit({ dir });
    onTeardown(() => bare.stop());
    await bare.kill("SIGTERM");
    const file = join(dir, "enabled_plugins");
    writeFileSync(file, readFileSync(file, "utf8").replace("rabbitmq_amqp1_0,", ""));
    await bare.start();
    const fix = /rabbitmq-plugins enable rabbitmq_amqp1_0/;
    // It may reset the connection before its words have been read.
    const said = (await linesOf(bare.relayUrl, fix)).filter(({ reason }) => fix.test(reason));
    expect(said.map(({ level }) => level)).to.deep.equal(["error"]);
    await bare.stop();
  });
});

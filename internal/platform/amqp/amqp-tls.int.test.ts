import { expect } from "chai";
import { makeCertificates } from "../../testkit/certificates.ts";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { freePort } from "../../testkit/servers/free-port.ts";
import type { RabbitServer } from "../../testkit/servers/rabbitmq.ts";
import { ownRabbit } from "../../testkit/servers/test-servers.ts";
import { parseAmqpUrl } from "./amqp-url.ts";
import { type AmqpSender, createAmqpSender } from "./sender.ts";

describe("A RabbitMQ behind TLS, with the certificate of a private authority", function () {
  this.timeout(120_000);
  const { ca, caFile, certFile, keyFile } = makeCertificates();
  let port: number;
  let rabbit: RabbitServer;
  let sender: AmqpSender | undefined;

  before(async () => {
    port = await freePort();
    rabbit = await ownRabbit({ tls: { port, caFile, certFile, keyFile } });
  });
  afterEach(async () => {
    await sender?.close();
    sender = undefined;
  });

  function open(authority: string | undefined): AmqpSender {
    const url = new URL(rabbit.relayUrl.replace(/^amqp:/, "amqps:"));
    url.hostname = "localhost";
    url.port = String(port);
    sender = createAmqpSender({
      address: { ...parseAmqpUrl(url.href), ca: authority },
      exchange: "cart.events",
      addressVersion: "auto",
      sendTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
      log: recordingLogger().log,
      onState: () => {},
    });
    return sender;
  }

  it("is connected to when AMQP_CA_FILE names the authority", async () => {
    const sender = open(ca);
    await sender.ready(AbortSignal.timeout(30_000));
    expect(sender.fault()).to.equal(null);
  });

  it("is not connected to otherwise, and the fault says why", async () => {
    const sender = open(undefined);
    await eventually("the reason", () => /SELF_SIGNED_CERT_IN_CHAIN/.test(sender.fault() ?? ""));
  });
});

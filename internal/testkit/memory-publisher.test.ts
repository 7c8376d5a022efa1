import { expect } from "chai";
import { anEvent, describePublisher } from "../outbox/relay/publisher.contract.ts";
import { createMemoryPublisher } from "./memory-publisher.ts";

describePublisher("the in-memory publisher", async () => {
  const publisher = createMemoryPublisher();
  return {
    publisher,
    arrived: async () => publisher.published,
    breakBroker: async () => publisher.disconnect(),
    mendBroker: async () => publisher.reconnect(),
    close: () => publisher.close(),
  };
});

describe("the in-memory publisher's hooks", () => {
  it("holds chosen events until released", async () => {
    const publisher = createMemoryPublisher();
    publisher.hold((event) => event.subject === "a");
    const held = publisher.publish(anEvent({ subject: "a" }));
    expect(await publisher.publish(anEvent({ subject: "b" }))).to.deep.equal({ kind: "accepted" });
    expect(publisher.held().map(({ subject }) => subject)).to.deep.equal(["a"]);
    publisher.release();
    expect(await held).to.deep.equal({ kind: "accepted" });
    expect(publisher.published.map(({ subject }) => subject)).to.deep.equal(["b", "a"]);
  });

  it("refuses chosen events as often as asked", async () => {
    const publisher = createMemoryPublisher();
    publisher.refuse((event) => event.subject === "a", { times: 1, about: "message", error: "no" });
    const event = anEvent({ subject: "a" });
    expect(await publisher.publish(event)).to.deep.equal({ kind: "refused", about: "message", error: "no" });
    expect(await publisher.publish(event)).to.deep.equal({ kind: "accepted" });
    expect(publisher.attempts).to.have.length(2);
    expect(publisher.published).to.deep.equal([event]);
  });

  it("loses the answer to chosen events, which arrive or not", async () => {
    const publisher = createMemoryPublisher();
    const [kept, gone] = [anEvent({ subject: "a" }), anEvent({ subject: "b" })];
    publisher.lose((event) => event === kept);
    publisher.lose((event) => event === gone, { arrives: false });
    expect(await publisher.publish(kept)).to.include({ kind: "unknown", sessionFault: false });
    expect(await publisher.publish(gone)).to.include({ kind: "unknown", sessionFault: false });
    expect(publisher.published).to.deep.equal([kept]);
  });

  it("takes what is in flight along when a chosen event ends the session, or the connection is lost", async () => {
    const publisher = createMemoryPublisher();
    publisher.hold((event) => event.subject === "a");
    const first = publisher.publish(anEvent({ subject: "a" }));
    publisher.lose((event) => event.subject === "poison", { arrives: false, sessionFault: true });
    expect(await publisher.publish(anEvent({ subject: "poison" }))).to.include({ sessionFault: true });
    expect(await first).to.include({ kind: "unknown", sessionFault: true });
    const second = publisher.publish(anEvent({ subject: "a" }));
    publisher.disconnect("gone");
    expect(await second).to.deep.equal({ kind: "unknown", sessionFault: false, error: "gone" });
  });
});

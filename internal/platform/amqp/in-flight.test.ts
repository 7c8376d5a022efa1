import { expect } from "chai";
import type { Delivery } from "rhea-promise";
import { createInFlight } from "./in-flight.ts";
import type { OpenLink } from "./open-link.ts";
import type { SendOutcome } from "./outcome.ts";

const ACCEPTED: SendOutcome = { kind: "accepted" };
const LOST: SendOutcome = { kind: "unknown", sessionFault: false, error: "lost" };

/** A link in place of the broker's, with so much credit. */
function fakeLink(credit = Number.POSITIVE_INFINITY) {
  const deliveries: Delivery[] = [];
  const link = {
    room: () => credit - deliveries.length,
    send: () => {
      const delivery = {} as Delivery;
      deliveries.push(delivery);
      return delivery;
    },
  } as unknown as OpenLink;
  return {
    link,
    deliveries,
    grant: (more: number) => {
      credit += more;
    },
  };
}

describe("Messages in flight", () => {
  it("get each its own outcome, in whatever order the answers come", async () => {
    const { link, deliveries } = fakeLink();
    const inFlight = createInFlight(() => {});
    const outcomes = Array.from({ length: 3 }, () => inFlight.add(link, Buffer.alloc(0)));
    const refused: SendOutcome = { kind: "refused", about: "message", error: "poison" };
    inFlight.answer(deliveries[2]!, ACCEPTED);
    inFlight.answer(deliveries[0]!, refused);
    inFlight.answer(deliveries[1]!, LOST);
    expect(await Promise.all(outcomes)).to.deep.equal([refused, LOST, ACCEPTED]);
    expect(inFlight.size()).to.equal(0);
  });

  it("are as old as the oldest that has no outcome, answered ones behind it notwithstanding", () => {
    const { link, deliveries } = fakeLink();
    const inFlight = createInFlight(() => {});
    void inFlight.add(link, Buffer.alloc(0));
    const first = inFlight.oldest()!;
    while (performance.now() === first);
    void inFlight.add(link, Buffer.alloc(0));
    inFlight.answer(deliveries[1]!, ACCEPTED);
    expect(inFlight.oldest()).to.equal(first);
    void inFlight.add(link, Buffer.alloc(0));
    inFlight.answer(deliveries[0]!, ACCEPTED);
    expect(inFlight.oldest()).to.be.greaterThan(first);
    inFlight.answer(deliveries[2]!, ACCEPTED);
    expect(inFlight.oldest()).to.equal(null);
  });

  it("wait for credit, and leave in order", async () => {
    const { link, deliveries, grant } = fakeLink(1);
    const inFlight = createInFlight(() => {});
    const outcomes = Array.from({ length: 3 }, () => inFlight.add(link, Buffer.alloc(0)));
    expect([deliveries.length, inFlight.size()]).to.deep.equal([1, 3]);
    grant(1);
    inFlight.sendWaiting(link);
    expect(deliveries).to.have.length(2);
    inFlight.settleWaiting(LOST);
    for (const delivery of deliveries) inFlight.answer(delivery, ACCEPTED);
    expect(await Promise.all(outcomes)).to.deep.equal([ACCEPTED, ACCEPTED, LOST]);
  });

  it("all get one outcome when the link ends, and an answer that comes late changes nothing", async () => {
    const { link, deliveries } = fakeLink(2);
    let emptied = 0;
    const inFlight = createInFlight(() => emptied++);
    const outcomes = Array.from({ length: 3 }, () => inFlight.add(link, Buffer.alloc(0)));
    inFlight.answer(deliveries[1]!, ACCEPTED);
    inFlight.settleAll(LOST);
    expect(await Promise.all(outcomes)).to.deep.equal([LOST, ACCEPTED, LOST]);
    expect([inFlight.size(), emptied]).to.deep.equal([0, 1]);
    const next = inFlight.add(fakeLink().link, Buffer.alloc(0));
    inFlight.answer(deliveries[0]!, ACCEPTED);
    expect(inFlight.size()).to.equal(1);
    inFlight.settleAll(LOST);
    expect(await next).to.equal(LOST);
  });

  it("may be many more than are kept at a time", async () => {
    const { link, deliveries } = fakeLink();
    const inFlight = createInFlight(() => {});
    const outcomes: Promise<SendOutcome>[] = [];
    for (let n = 0; n < 5_000; n++) {
      outcomes.push(inFlight.add(link, Buffer.alloc(0)));
      if (n >= 10) inFlight.answer(deliveries[n - 10]!, ACCEPTED);
    }
    expect(inFlight.size()).to.equal(10);
    inFlight.settleAll(LOST);
    const kinds = (await Promise.all(outcomes)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "accepted")).to.have.length(4_990);
    expect(kinds.slice(-10)).to.deep.equal(Array(10).fill("unknown"));
  });
});

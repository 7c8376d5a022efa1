import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { freePending } from "../../testkit/outbox.ts";
import { EventsRefused } from "../store/store.ts";
import { counting, forwarderScene } from "./forwarder-scene.contract.ts";

const NUL = "\u0000";

/** What can be wrong with an entry, the reason that names it, and whether its subject can still be known. */
const SPOILT: [
  what: string,
  fields: Record<string, string | Buffer | null>,
  reason: RegExp,
  known?: false,
][] = [
  ["no version", { version: null }, /no field version/],
  ["no subject", { subject: null }, /no field subject/, false],
  [
    "none of our fields",
    { id: null, type: null, subject: null, version: null, at: null, data: null },
    /no field id, type/,
    false,
  ],
  ["a version that is no number", { version: "NaN" }, /version is not a whole number/],
  ["a version beyond what is exact", { version: "99999999999999999999" }, /version is not/],
  ["a time that is no number", { at: "yesterday" }, /at is not a time/],
  ["a time that no calendar has", { at: "9999999999999999" }, /at is not a time/],
  ["a counter that is no number", { n: "-" }, /n is not a whole number/],
  ["an id that is no UUID", { id: "42" }, /id "42" is not a UUID/],
  ["a type that is too long", { type: "t".repeat(65) }, /type "t+\.\.\." is longer than 64/],
  ["a subject that is too long", { subject: "s".repeat(500) }, /subject "s+\.\.\." is longer/, false],
  ["a source that is too long", { source: "/".repeat(201) }, /source .* is longer than 200/],
  ["a trace that is too long", { trace: "0".repeat(65) }, /traceparent .* is longer than 64/],
  ["a NUL in its type", { type: `cart${NUL}` }, /type "cart\\u0000" holds/],
  ["a NUL in its data", { data: `{"a":"${NUL}"}` }, /data is not JSON/],
  ["data that is no JSON", { data: '{"a":' }, /data is not JSON/],
  ["bytes that are no text", { version: Buffer.from([0xff, 0xfe, 0x00]) }, /version is not/],
];

describe("A staged entry that the database cannot hold", function () {
  this.timeout(60_000);
  const scene = forwarderScene();
  const { stage, forwarderTo, committedIds } = scene;

  const dead = () => scene.store.listDead(1_000);
  const quarantined = async () => (await scene.metrics.quarantined.get()).values[0]!.value;
  afterEach(async () => void (await scene.store.replay("all")));

  for (const [what, fields, reason, known = true] of SPOILT)
    it(`stops neither its shard nor others: ${what}`, async () => {
      const subject = `cart-of-${what}`.slice(0, 64);
      const before = await stage(0, subject);
      const bad = await stage(0, subject, fields);
      const [later, other] = [await stage(0, subject), await stage(0, "another")];
      const beside = await stage(1, "beside");
      const forwarder = forwarderTo(scene.store);
      expect(await Promise.all([later, other, beside].map(forwarder.committed))).to.deep.equal(
        Array(3).fill("committed"),
      );
      expect((await scene.staging.backlog()).staged).to.equal(0);
      const parked = await dead();
      expect(parked).to.have.length(1);
      expect(parked[0]!.lastError).to.match(reason).and.to.contain(bad.entryId);
      const after = known ? [] : [later.event.id];
      expect(await committedIds(0), "the later events of its cart wait").to.deep.equal([
        before.event.id,
        ...after,
        other.event.id,
      ]);
      expect(await committedIds(1)).to.deep.equal([beside.event.id]);
      const kept = await scene.redis.xrange(scene.setAside(0), "-", "+");
      expect(kept).to.have.length(1);
      expect(kept[0]![1]).to.include.members(["staged-as", bad.entryId]);
      expect(await quarantined()).to.equal(1);
      expect(scene.lines.filter(({ level }) => level === "error")).to.have.length(1);
    });

  it("is published in its place when it is replayed, what was right with it as it was", async () => {
    const bad = await stage(2, "cart", { trace: "0".repeat(65), data: '{"kept":true}' });
    const later = await stage(2, "cart");
    expect(await forwarderTo(scene.store).committed(later)).to.equal("committed");
    expect(await scene.store.replay([bad.event.id])).to.equal(1);
    const [first, second] = (await freePending(scene.store, [{ partition: 2, after: 0 }], 10)).slice(-2);
    expect(first).to.include({ ...bad.event, data: '{"kept":true}', traceparent: null });
    expect(second!.id).to.equal(later.event.id);
  });

  it("is told of once, by whichever of several forwarders meets it first", async () => {
    for (let n = 0; n < 5; n++) await stage(0, `cart-${n}`, { version: "x" });
    await Promise.all([0, 1, 2].map(() => forwarderTo(scene.store).forward([0])));
    await Promise.all([0, 1, 2].map(() => forwarderTo(scene.store).forward([0])));
    expect(await quarantined()).to.equal(5);
    expect(await dead()).to.have.length(5);
    expect(scene.lines.filter(({ level }) => level === "error")).to.have.length(5);
  });

  it("is found among many by halving the batch, when only the database knows what is wrong", async () => {
    const staged = [];
    for (let n = 0; n < 60; n++) staged.push(await stage(n % 2, `cart-${n % 6}`));
    const culprits = [staged[20]!, staged[41]!];
    const store = scene.store;
    // As a constraint of a later schema would: today's refuses nothing that passes the reading.
    const writer = counting({
      park: store.park,
      appendWhereFree: async (events) => {
        if (events.some(({ id }) => culprits.some(({ event }) => event.id === id)))
          throw new EventsRefused("violates a check");
        return store.appendWhereFree(events);
      },
    });
    const forwarder = forwarderTo(writer);
    const outcomes = await Promise.all(staged.map(forwarder.committed));
    expect(outcomes.filter((each) => each === "staged")).to.have.length(2);
    expect((await dead()).map(({ id }) => id)).to.have.members(culprits.map(({ event }) => event.id));
    for (const shard of [0, 1]) {
      const held = culprits.find(({ event }) => event.partition === shard)!;
      const free = staged.filter(
        ({ event, ordinal }) =>
          event.partition === shard && (event.subject !== held.event.subject || ordinal < held.ordinal),
      );
      expect(await committedIds(shard)).to.deep.equal(free.map(({ event }) => event.id));
    }
    expect(writer.groups.length).to.be.lessThan(60);
  });

  it("is found when its event comes from memory, where nobody reads the entry", async () => {
    const forwarder = forwarderTo(scene.store);
    expect(await forwarder.committed(await stage(0, "cart"))).to.equal("committed");
    const bad = await stage(0, "cart");
    // SQL Server takes a NUL.
    const subject = scene.store.database.dialect === "postgres" ? `cart${NUL}` : "cart";
    const spoilt = { ...bad, event: { ...bad.event, subject, type: "t".repeat(65) } };
    const other = await stage(0, "another");
    const [own] = await Promise.all([forwarder.committed(spoilt), forwarder.committed(other)]);
    expect(own).to.equal("staged");
    // Where sessions are new, both take longer than requests wait.
    await eventually(
      "one is parked, the other committed",
      async () => (await dead()).length > 0 && (await committedIds(0)).includes(other.event.id),
    );
    expect((await dead()).map(({ id, subject }) => [id, subject])).to.deep.equal([
      [bad.event.id, subject.replace(NUL, "\ufffd")],
    ]);
  });

  it("is parked as a stand-in when not even what could be saved of it is taken", async () => {
    const bad = await stage(3, "cart", { type: "" });
    let refused = 0;
    const writer = {
      appendWhereFree: scene.store.appendWhereFree,
      park: async (...event: Parameters<typeof scene.store.park>) => {
        if (refused++ === 0) throw new EventsRefused("no");
        await scene.store.park(...event);
      },
    };
    await forwarderTo(writer).forward([3]);
    const [parked] = await dead();
    expect(parked).to.include({ type: "outbox.unreadable", subject: `entry ${bad.entryId}` });
    expect(parked!.lastError).to.contain("type is empty");
  });

  it("is not taken for one when the database is away: nothing is parked", async () => {
    const staged = await stage(0, "cart");
    const forwarder = forwarderTo({
      park: scene.store.park,
      appendWhereFree: () => Promise.reject(Object.assign(new Error("shutting down"), { code: "57P01" })),
    });
    expect(await forwarder.committed(staged)).to.equal("staged");
    expect(await quarantined()).to.equal(0);
    expect((await scene.staging.backlog()).staged).to.equal(1);
  });
});

import { expect } from "chai";
import { check } from "./checker.ts";
import { but, EMPTY, honest, OWNER, rules, unknown } from "./checker-scene.ts";
import type { Arrival, Attempt, History, SeenCart } from "./history.ts";

describe("The chaos checker", () => {
  it("finds nothing in a story that keeps every promise", () => {
    expect(check(honest())).to.deep.equal([]);
  });
  it("accepts an event that comes again under the same id", () => {
    const story = honest();
    expect(rules({ ...story, arrivals: [...story.arrivals, ...story.arrivals] })).to.deep.equal([]);
  });
  it("accepts an unknown outcome with an event, and one without", () => {
    expect(rules(but("attempts", 1, { outcome: unknown }))).to.deep.equal([]);
    const story = honest();
    const nothing = { ...story.attempts[0]!, trace: "f".repeat(32), key: "other", outcome: unknown };
    expect(rules({ ...story, attempts: [...story.attempts, nothing] })).to.deep.equal([]);
  });
  it("accepts an answer that was given again to a second attempt with the key", () => {
    const story = but("attempts", 0, { outcome: unknown });
    const again: Attempt = {
      ...honest().attempts[0]!,
      trace: "f".repeat(32),
      from: 7_000,
      to: 7_100,
      outcome: { ...(honest().attempts[0]!.outcome as { kind: "done"; cart: SeenCart }), replayed: true },
    };
    expect(rules({ ...story, attempts: [...story.attempts, again] })).to.deep.equal([]);
  });
  it("accepts a cart that has expired and starts anew, with an empty one shown before the event comes", () => {
    const { attempts, arrivals } = honest();
    const expired: Arrival = {
      ...arrivals[1]!,
      id: "e9",
      type: "cart.expired",
      version: 3,
      trace: null,
      occurredAt: 61_000,
      receivedAt: 62_000,
      data: {
        ...arrivals[1]!.data,
        ownerKind: "user",
        version: 3,
        change: { type: "cart-expired" },
        expiresAt: null,
      },
    };
    const read: Attempt = {
      ...attempts[3]!,
      trace: "f".repeat(32),
      from: 60_100,
      to: 60_200,
      outcome: { kind: "done", cart: EMPTY, replayed: false },
    };
    const story = {
      ...honest(),
      attempts: [...attempts.slice(0, 4), read],
      arrivals: [...arrivals.slice(0, 2), expired],
    };
    expect(rules(story)).to.deep.equal(["cart-differs"], "the honest story's reading at rest was too early");
    const late = { owner: OWNER, cart: EMPTY, from: 63_000, to: 63_010 };
    expect(rules({ ...story, carts: [late] })).to.deep.equal([]);
    const early = { ...read, from: 59_000, to: 59_900 };
    expect(rules({ ...story, carts: [late], attempts: [...attempts.slice(0, 4), early] })).to.deep.equal([
      "stale",
    ]);
  });

  const first = honest().arrivals[0]!;
  const second = honest().arrivals[1]!;
  const last = honest().arrivals[2]!;
  const cases: [what: string, story: History, rules: string[]][] = [
    [
      "an event that was lost in the middle",
      { ...honest(), arrivals: [first, last] },
      ["gap", "lost-event", "untold-state", "untold-state", "untold-state"],
    ],
    [
      "an event that was lost at the end",
      { ...honest(), arrivals: [first, second] },
      ["stale", "cart-differs"],
    ],
    [
      "two events in the wrong order",
      { ...honest(), arrivals: [second, first, last] },
      ["order", "order", "order", "stale"],
    ],
    [
      "one version told by two events",
      { ...honest(), arrivals: [first, second, { ...second, id: "x" }, last] },
      ["version-twice", "order", "done-twice"],
    ],
    [
      "a repeat that tells something else",
      { ...honest(), arrivals: [first, second, last, { ...second, data: { ...second.data, items: [] } }] },
      ["repeat-differs"],
    ],
    [
      "an event that nobody caused",
      but("arrivals", 1, { trace: "f".repeat(32) }),
      ["invented-event", "lost-event"],
    ],
    ["an event without a cause", but("arrivals", 1, { trace: null }), ["invented-event", "lost-event"]],
    ["an event that is not what was asked for", but("attempts", 0, { quantity: 2 }), ["wrong-cause"]],
    [
      "lines that do not follow from the change",
      but("arrivals", 1, { data: { ...second.data, items: [{ productId: "mug", quantity: 2 }] } }),
      ["wrong-event", "wrong-answer", "untold-state", "untold-state"],
    ],
    ["an event of the wrong type", but("arrivals", 1, { type: "cart.cleared" }), ["wrong-event"]],
    [
      "an event that goes on after the end of its cart",
      {
        ...honest(),
        arrivals: [
          first,
          second,
          last,
          { ...first, id: "x", version: 4, trace: null, data: { ...first.data, version: 4 } },
        ],
      },
      ["wrong-event", "invented-event", "cart-differs"],
    ],
    [
      "a refused request that has an event",
      but("attempts", 1, { outcome: { kind: "refused", status: 503, code: "CATALOG_UNAVAILABLE" } }),
      ["refused-yet-done"],
    ],
    [
      "a correct request that was refused",
      but("attempts", 2, { outcome: { kind: "refused", status: 400, code: "INVALID_REQUEST" } }),
      ["wrong-refusal"],
    ],
    ["one key that took effect twice", but("attempts", 1, { key: "key-1" }), ["done-twice", "key-reused"]],
    [
      "an answer that shows another cart than its event",
      but("attempts", 1, {
        outcome: { kind: "done", cart: { cartId: "c1", version: 2, items: [] }, replayed: false },
      }),
      ["wrong-answer"],
    ],
    [
      "a read of a state that never was",
      but("attempts", 3, {
        outcome: { kind: "done", cart: { cartId: "c1", version: 9, items: [] }, replayed: false },
      }),
      ["untold-state"],
    ],
    ["a read of a state that was past", but("attempts", 3, { from: 7_000, to: 7_100 }), ["stale"]],
    ["a read of a state before its time", but("attempts", 3, { from: 100, to: 200 }), ["stale"]],
    [
      "an empty cart shown when it was not",
      but("attempts", 3, { outcome: { kind: "done", cart: EMPTY, replayed: false } }),
      ["stale"],
    ],
    ["a change at another version than If-Match demanded", but("attempts", 1, { ifMatch: 7 }), ["if-match"]],
    [
      "a change that If-Match allowed and that was refused",
      but("attempts", 2, { ifMatch: 2, outcome: { kind: "refused", status: 412, code: "VERSION_MISMATCH" } }),
      ["if-match"],
    ],
    [
      "a cart at rest that is not what the last event says",
      { ...honest(), carts: [{ owner: OWNER, cart: { ...EMPTY, cartId: "c1" }, from: 9_000, to: 9_010 }] },
      ["cart-differs"],
    ],
    [
      "a second cart beside one that never ended",
      {
        ...honest(),
        attempts: [],
        carts: [],
        arrivals: [
          first,
          { ...first, id: "x", subject: "c2", occurredAt: 1_070, data: { ...first.data, cartId: "c2" } },
        ],
      },
      ["invented-event", "invented-event", "two-carts"],
    ],
  ];
  for (const [what, story, expected] of cases)
    it(`catches ${what}`, () => expect(rules(story)).to.have.members(expected));
});

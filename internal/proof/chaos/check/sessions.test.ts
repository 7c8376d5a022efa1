import { expect } from "chai";
import { check } from "./checker.ts";
import { OWN, unknown } from "./checker-scene.ts";
import type { Attempt, History } from "./history.ts";
import type { SessionAttempt } from "./session-seen.ts";
import { GRACE_MS } from "./sessions.ts";

const GUEST = "guest:g";
const refused = { kind: "refused", status: 401, code: "UNAUTHENTICATED" } as const;
const given = (token: string | null) => ({ kind: "done", given: token, guest: token && GUEST }) as const;

function attempt(
  s: number,
  operation: SessionAttempt["operation"],
  presented: string | null,
  outcome: SessionAttempt["outcome"],
): SessionAttempt {
  const trace = String(s).padStart(32, "0");
  const times = { from: 1_000 * s, to: 1_000 * s + 100 };
  return { trace, owner: GUEST, operation, presented, ...times, caching: OWN, outcome };
}

/** Opened, refreshed, asked for the same again, refreshed, revoked and then refused. */
const honest = () => [
  attempt(1, "open", null, given("t1")),
  attempt(2, "refresh", "t1", given("t2")),
  attempt(3, "refresh", "t1", given("t2")),
  attempt(4, "refresh", "t2", given("t3")),
  attempt(5, "revoke", "t3", given(null)),
  attempt(6, "refresh", "t3", refused),
];

const history = (sessions: SessionAttempt[], attempts: Attempt[] = []): History => ({
  sessions,
  attempts,
  arrivals: [],
  carts: [],
  journeys: [],
  orderArrivals: [],
  orders: [],
  reads: [],
  versions: [],
  faults: [],
});
const rules = (...of: Parameters<typeof history>) => check(history(...of)).map(({ rule }) => rule);
const but = (at: number, change: Partial<SessionAttempt>) =>
  honest().with(at, { ...honest()[at]!, ...change });

const LATE_S = 2 + GRACE_MS / 1_000;

describe("The chaos checker of guests' sessions", () => {
  it("finds nothing in a story that keeps every promise", () => {
    expect(check(history(honest()))).to.deep.equal([]);
  });
  it("accepts any outcome that is not known", () => {
    for (const at of [1, 3, 4]) expect(rules(but(at, { outcome: unknown }))).to.deep.equal([]);
    const nobody = { ...attempt(9, "open", null, unknown), owner: "nobody" };
    expect(rules([nobody])).to.deep.equal([]);
  });
  it("accepts that a token which may have been replaced is refused after its grace, and all others then", () => {
    const [open] = honest();
    const lost = attempt(2, "refresh", "t1", unknown);
    const late = attempt(LATE_S, "refresh", "t1", refused);
    const later = attempt(LATE_S + 1, "refresh", "t2", refused);
    expect(rules([open!, lost, late, later])).to.deep.equal([]);
    const early = { ...late, from: late.from - 200, to: late.to - 200 };
    expect(rules([open!, lost, early])).to.deep.equal(["session-lost"]);
    const replaced = attempt(2, "refresh", "t1", given("t2"));
    expect(rules([open!, replaced, later])).to.deep.equal(["session-lost"]);
  });
  it("accepts either answer to a refresh that races a revocation", () => {
    for (const outcome of [given("t4"), refused])
      expect(rules(but(5, { from: 5_050, outcome })), outcome.kind).to.deep.equal([]);
  });

  const cases: [what: string, sessions: SessionAttempt[], rule: string][] = [
    ["a session that was lost", but(1, { outcome: refused }), "session-lost"],
    ["a repeat within the grace that was refused", but(2, { outcome: refused }), "session-lost"],
    ["two successors of one token", but(2, { outcome: given("t9") }), "refresh-differs"],
    ["a refresh that gives the same token back", but(3, { outcome: given("t2") }), "refresh-differs"],
    [
      "a session that was given to another guest",
      but(1, { outcome: { ...given("t2"), guest: "guest:h" } }),
      "wrong-guest",
    ],
    ["a refresh of what was revoked", but(5, { outcome: given("t4") }), "revoked-yet-refreshed"],
    ["a revocation that was refused", but(4, { outcome: refused }), "wrong-refusal"],
    [
      "a refresh that was refused for another reason",
      but(5, { outcome: { ...refused, status: 400, code: "INVALID_REQUEST" } }),
      "wrong-refusal",
    ],
    ["tokens that a cache may keep", but(1, { caching: { ...OWN, control: null } }), "owner-cached"],
  ];
  for (const [what, sessions, rule] of cases)
    it(`catches ${what}`, () => expect(rules(sessions)).to.include(rule));

  it("catches a refreshed access token that does not work", () => {
    const choice = { productId: null, quantity: null, key: null, ifMatch: null };
    const read = {
      trace: "a".repeat(32),
      owner: GUEST,
      operation: "read",
      ...choice,
      from: 2_200,
      to: 2_300,
    };
    expect(rules(honest(), [{ ...read, caching: OWN, outcome: refused }])).to.deep.equal(["wrong-refusal"]);
  });
});

import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Identity } from "../platform/identity/identity.ts";
import type { Running } from "../testkit/processes/platform.ts";
import { openGatedCheckouts, PATIENCE } from "./gated-checkouts.ts";

/* A cart process is held at the commit of an order's transition, and killed -9 there. */

const PAYMENTS: Identity = { owner: "service:payments", kind: "service" };

describe("A transition of an order", function () {
  this.timeout(PATIENCE.test);
  let scene: Awaited<ReturnType<typeof openGatedCheckouts>>;

  before(async () => {
    scene = await openGatedCheckouts();
  });
  after(() => scene?.close());
  beforeEach(() => void scene.newOwner("user"));

  async function placed(): Promise<string> {
    await scene.add(1);
    const answer = await scene.call(
      scene.other,
      "POST",
      "/cart/checkout",
      await scene.agreed(),
      randomUUID(),
    );
    expect(answer.status).to.equal(201);
    return answer.body.order.id;
  }
  const orderOf = async (id: string) => (await scene.call(scene.other, "GET", `/orders/${id}`)).body;

  for (const [at, step, done] of [
    ["with everything written and nothing committed", "sent", false],
    ["when it is committed and the process does not know", "answered", true],
  ] as const)
    for (const [what, to, move] of [
      [
        "a payment",
        "paid",
        (by: Running, id: string) =>
          scene.callAs(PAYMENTS, by, "POST", `/orders/${id}/transitions`, { to: "paid" }, "a-key"),
      ],
      [
        "a cancellation",
        "cancelled",
        (by: Running, id: string) => scene.call(by, "POST", `/orders/${id}/cancel`, undefined, "a-key"),
      ],
    ] as const)
      it(`killed ${at}: ${what} is there with its event or not at all, and a repeat does it once`, async () => {
        const id = await placed();
        const reached = Promise.withResolvers<void>();
        scene.at[step] = () => {
          scene.toDatabase.freeze();
          reached.resolve();
        };
        const killed = move(scene.gated, id).catch((error: Error) => error);
        await reached.promise;
        await scene.killGated();
        await killed;
        const moved = ["order.placed", `order.${to}`];
        expect(await orderOf(id)).to.include(
          done ? { status: to, version: 2 } : { status: "placed", version: 1 },
        );
        expect(await scene.eventsOf(id)).to.deep.equal(done ? moved : ["order.placed"]);
        const repeat = await move(scene.other, id);
        expect([repeat.status, repeat.headers.get("idempotent-replayed")]).to.deep.equal([
          200,
          done ? "true" : null,
        ]);
        for (const order of [repeat.body, await orderOf(id)])
          expect(order).to.include({ status: to, version: 2 });
        expect(await scene.eventsOf(id)).to.deep.equal(moved);
      });
});

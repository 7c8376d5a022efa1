import { expect } from "chai";
import { expectProblem } from "./expect-problem.ts";
import { eventually, openGatedCheckouts, PATIENCE } from "./gated-checkouts.ts";

/* A cart process is held at one step of a checkout, and killed -9 there. */

describe("A checkout", function () {
  this.timeout(PATIENCE.test);
  let scene: Awaited<ReturnType<typeof openGatedCheckouts>>;

  before(async () => {
    scene = await openGatedCheckouts();
  });
  after(() => scene?.close());
  beforeEach(() => void scene.newOwner("user"));

  const steps: {
    readonly at: string;
    /** Arms the gates; `reached` is to be called when the step is. */
    readonly hold: (reached: () => void) => void;
    readonly ordered: boolean;
  }[] = [
    {
      at: "with everything written and nothing committed",
      hold: (reached) => {
        scene.at.sent = () => {
          scene.toDatabase.freeze();
          reached();
        };
      },
      ordered: false,
    },
    {
      at: "when the order is committed and it does not know",
      hold: (reached) => {
        scene.at.answered = () => {
          scene.toDatabase.freeze();
          reached();
        };
      },
      ordered: true,
    },
    {
      at: "between the order and the cart",
      hold: (reached) => {
        scene.at.sent = () => scene.toRedis.freeze();
        scene.at.answered = reached;
      },
      ordered: true,
    },
    {
      at: "when the cart is reduced and the order is not marked so",
      hold: (reached) => {
        scene.at.next = () => {
          scene.toDatabase.freeze();
          reached();
        };
      },
      ordered: true,
    },
  ];

  for (const { at, hold, ordered } of steps)
    for (const repeats of [true, false])
      it(`killed ${at} ends in one order and a cart reduced once, ${
        repeats ? "when it is repeated" : "though nobody comes back"
      }`, async () => {
        await scene.add(2);
        const body = await scene.agreed();
        const reached = Promise.withResolvers<void>();
        hold(reached.resolve);
        const killed = scene
          .call(scene.gated, "POST", "/cart/checkout", body, "the-key")
          .catch((error: Error) => error);
        await reached.promise;
        await scene.add(1);
        await scene.killGated();
        await killed;
        if (repeats) {
          const answer = await eventually("the repeat is through", async () => {
            const repeat = await scene.call(scene.other, "POST", "/cart/checkout", body, "the-key");
            // Without an order the shopper is told what has come into the cart since.
            return repeat.body.code === "CHECKOUT_IN_PROGRESS" ? null : repeat;
          });
          if (ordered) expect([answer.status, answer.body.order.items[0].quantity]).to.deep.equal([201, 2]);
          else expectProblem(answer, 409, "CART_CHANGED");
        }
        await scene.expectOrders(ordered ? 1 : 0);
        await eventually("the cart is reduced", async () => (await scene.held()) === (ordered ? 1 : 3));
        await eventually("the order is marked", async () => (await scene.unsettled()) === 0);
        expect(await scene.held()).to.equal(ordered ? 1 : 3);
        await scene.expectOrders(ordered ? 1 : 0);
      });

  it("killed while it asks the catalog has done nothing, and is through when it is repeated", async () => {
    await scene.add(2);
    const body = await scene.agreed();
    const reached = Promise.withResolvers<void>();
    scene.at.asked = () => {
      scene.toCatalog.freeze();
      reached.resolve();
    };
    const killed = scene
      .call(scene.gated, "POST", "/cart/checkout", body, "k")
      .catch((error: Error) => error);
    await reached.promise;
    expectProblem(
      await scene.call(scene.other, "POST", "/cart/checkout", body, "another"),
      409,
      "CHECKOUT_IN_PROGRESS",
    );
    await scene.killGated();
    await killed;
    await scene.expectOrders(0);
    const answer = await eventually("the repeat is through", async () => {
      const repeat = await scene.call(scene.other, "POST", "/cart/checkout", body, "k");
      return repeat.body.code === "CHECKOUT_IN_PROGRESS" ? null : repeat;
    });
    expect(answer.status).to.equal(201);
    await scene.expectOrders(1);
    await eventually("the cart is reduced", async () => (await scene.held()) === 0);
  });

  it("whose database is away is refused, and leaves the cart as it is", async () => {
    await scene.add(2);
    const body = await scene.agreed();
    for (const [trouble, end] of [
      [scene.toDatabase.shut, scene.toDatabase.open],
      [scene.toDatabase.freeze, scene.toDatabase.thaw],
    ] as const) {
      trouble();
      try {
        const answer = await scene.call(scene.gated, "POST", "/cart/checkout", body, "k");
        expectProblem(answer, 503, "ORDER_STORE_UNAVAILABLE");
        expect(answer.headers.get("retry-after")).to.equal("1");
        expectProblem(await scene.call(scene.gated, "GET", "/orders"), 503, "ORDER_STORE_UNAVAILABLE");
      } finally {
        end();
      }
      expect(await scene.held()).to.equal(2);
      await scene.expectOrders(0);
    }
    await eventually("it works again", async () => {
      const { status } = await scene.call(scene.gated, "POST", "/cart/checkout", body, "k");
      return status === 201;
    });
    await scene.expectOrders(1);
  });

  it("whose Redis is lost after the commit stands: the cart is pending, and reduced by a sweep", async () => {
    await scene.add(2);
    const body = await scene.agreed();
    scene.at.sent = () => scene.toRedis.shut();
    const answer = await scene.call(scene.gated, "POST", "/cart/checkout", body, "k");
    expect([answer.status, answer.body.cart]).to.deep.equal([201, "pending"]);
    await eventually("a sweep has reduced it", async () => (await scene.held()) === 0);
    const repeat = await scene.call(scene.gated, "POST", "/cart/checkout", body, "k");
    expect([repeat.status, repeat.body.cart, repeat.body.order]).to.deep.equal([
      201,
      "pending",
      answer.body.order,
    ]);
    scene.toRedis.open();
    await scene.expectOrders(1);
  });
});

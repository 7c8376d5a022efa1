import { expect } from "chai";
import fc from "fast-check";
import type { RedisConnection } from "../../platform/redis/redis.ts";
import type { Change } from "./store.ts";
import { clear, codeOf, playCartStore } from "./store-play.contract.ts";

/** Compares the store with a model of it on any Redis that `connect` gives. */
export function describeCartModel(name: string, connect: () => Promise<RedisConnection>): void {
  describe(`the cart store beside its model on ${name}`, function () {
    const { nextOwner, read, apply, staged } = playCartStore(this, connect);

    const products = ["p1", "p2", "p3", "p4", "p5", "p6"];
    const anyChange = fc.oneof(
      fc.record({
        op: fc.constant("add" as const),
        productId: fc.constantFrom(...products),
        quantity: fc.integer({ min: 1, max: 60 }),
        stock: fc.constantFrom(50, 1_000),
      }),
      fc.record({
        op: fc.constant("set" as const),
        productId: fc.constantFrom(...products),
        quantity: fc.integer({ min: 0, max: 120 }),
        stock: fc.constantFrom(50, 1_000),
      }),
      fc.record({ op: fc.constant("remove" as const), productId: fc.constantFrom(...products) }),
      fc.constant(clear),
    );
    it("agrees with a model cart after any sequence of operations, run concurrently", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyChange, { minLength: 1, maxLength: 40 }), async (changes) => {
          nextOwner();
          // Sent at once on one connection, so Redis runs them in this order; the model runs them one by one.
          const results = await Promise.all(changes.map((change) => apply(change)));
          const model = modelCart({ maxLines: 5, maxQuantity: 99 });
          for (const [index, change] of changes.entries()) {
            const expected = model.apply(change);
            expect(codeOf(results[index]!), `${index}: ${JSON.stringify(change)}`).to.equal(expected);
          }
          const state = await read();
          expect(new Map(state.items.map((line) => [line.productId, line.quantity]))).to.deep.equal(
            model.lines(),
          );
          expect(state.version).to.equal(model.version());
          const versions = (await staged()).map((event) => Number(event.version));
          expect(versions).to.deep.equal(model.versions());
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** The cart's rules once more, as plainly as can be, to compare with. */
function modelCart(limits: { maxLines: number; maxQuantity: number }) {
  let cart = new Map<string, number>();
  let version = 0;
  const versions: number[] = [];
  const changed = () => {
    versions.push(++version);
    if (cart.size === 0) version = 0;
    return "ok";
  };
  return {
    lines: () => cart,
    version: () => version,
    versions: () => versions,
    apply({ op, productId = "", quantity = 0, stock = 0 }: Change): string {
      if (op === "clear") {
        if (cart.size === 0) return "ok";
        cart = new Map();
        return changed();
      }
      const held = cart.get(productId) ?? 0;
      if (op === "remove" || quantity === 0) return cart.delete(productId) ? changed() : "ok";
      const wanted = op === "add" ? held + quantity : quantity;
      if (op === "set" && wanted === held) return "ok";
      if (held === 0 && cart.size >= limits.maxLines) return "LINE_LIMIT";
      if (wanted > limits.maxQuantity) return "QUANTITY_LIMIT";
      if (wanted > stock) return "OUT_OF_STOCK";
      cart.set(productId, wanted);
      return changed();
    },
  };
}

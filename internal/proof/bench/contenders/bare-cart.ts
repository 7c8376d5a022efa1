import express from "express";
import { Redis } from "ioredis";
import catalog from "../catalog.json" with { type: "json" };

/*
 * The cart everybody writes first: Express, HINCRBY + EXPIRE + HGETALL in one pipeline,
 * no checks, no event. Its answers have the form and size of Cartwright's.
 */

const redis = new Redis(process.env.REDIS_URL!);
const listings = new Map(catalog.map((product) => [product.id, product]));
const app = express();
app.disable("x-powered-by");
app.set("etag", false);
app.use(express.json());

app.post("/cart/items", async (req, res) => {
  const key = `bare:${req.headers.owner}`;
  const replies = await redis
    .pipeline()
    .hincrby(key, req.body.productId, req.body.quantity)
    .expire(key, 1_800)
    .hgetall(key)
    .exec();
  res.json(shown(replies![2]![1] as Record<string, string>));
});
app.get("/cart", async (req, res) => {
  res.json(shown(await redis.hgetall(`bare:${req.headers.owner}`)));
});
app.get("/ready", (_req, res) => {
  res.end();
});

function shown(lines: Record<string, string>) {
  let total = 0;
  const items = Object.entries(lines).map(([productId, held]) => {
    const quantity = Number(held);
    const { name, price } = listings.get(productId)!;
    total += price.amount * quantity;
    const lineTotal = { amount: price.amount * quantity, currency: price.currency };
    return { productId, name, unitPrice: price, quantity, lineTotal };
  });
  const expiresAt = new Date(Date.now() + 1_800_000).toISOString();
  return {
    cartId: "019ddd00-0000-7000-8000-000000000000",
    version: 1_000,
    items,
    total: { amount: total, currency: "EUR" },
    expiresAt,
    pricesAsOf: expiresAt,
  };
}

app.listen(Number(process.env.PORT), "127.0.0.1");

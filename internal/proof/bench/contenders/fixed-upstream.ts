import { createServer } from "node:http";

/* Stands for the service behind a proxy: answers every request at once with the same cart. */

const cart = JSON.stringify({
  cartId: "019ddd00-0000-7000-8000-000000000000",
  version: 12,
  items: Array.from({ length: 5 }, (_, n) => ({
    productId: `bench-tent-00${n}`,
    name: `Bench tent number ${n}`,
    unitPrice: { amount: 1_000, currency: "EUR" },
    quantity: 2,
    lineTotal: { amount: 2_000, currency: "EUR" },
  })),
  total: { amount: 10_000, currency: "EUR" },
});

const server = createServer((req, res) => {
  req.resume();
  res.setHeader("content-type", "application/json; charset=utf-8");
  res.setHeader("content-length", Buffer.byteLength(cart));
  res.end(cart);
});
// As our services do it: a connection that rests while the other
// contender has its turn must not close as it is used again.
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env.PORT), "127.0.0.1");

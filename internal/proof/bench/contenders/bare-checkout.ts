import { createHash, randomUUID } from "node:crypto";
import express from "express";
import pg from "pg";

/*
 * A checkout without anything around it: Express, and one PostgreSQL transaction of the same rows that an
 * order of Cartwright's is (the order, its lines, the remembered request, its event). No cart is read or
 * reduced, no catalog asked, nothing compared, no partition locked.
 */

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL!, max: 8 });
const app = express();
app.disable("x-powered-by");
app.set("etag", false);
app.use(express.json());

interface Line {
  readonly productId: string;
  readonly quantity: number;
  readonly unitPrice: { readonly amount: number };
}

const ORDER = `INSERT INTO orders (order_id, owner, ordinal, status, version, placed_at, currency, total, cart_id, cart_version,
  cart_settled_at) VALUES ($1, $2, $3, 'placed', 1, now(), 'EUR', $4, $5, 5, now())`;
const LINES = `INSERT INTO order_line SELECT $1, line.at, line.p, 'A product', line.a, line.a, line.q
  FROM unnest($2::text[], $3::bigint[], $4::int[]) WITH ORDINALITY AS line (p, a, q, at)`;
const REQUEST = "INSERT INTO order_request VALUES ($1, $2, $3, now())";
const EVENT = `INSERT INTO outbox_event (event_id, partition_no, source, type, subject, version, sequence_name, payload, occurred_at)
  VALUES ($1, $2, '/bare', 'order.placed', $3, 1, 'orderversion', $4, now())`;

let ordinal = 0;

app.post("/cart/checkout", async (req, res) => {
  const lines = req.body.items as Line[];
  const id = randomUUID();
  const total = lines.reduce((sum, line) => sum + line.unitPrice.amount * line.quantity, 0);
  const order = { id, status: "placed", version: 1, items: lines, total: { amount: total, currency: "EUR" } };
  const hash = createHash("sha256").update(id).digest("hex");
  const client = await pool.connect();
  const run = (name: string, text: string, values: unknown[]) => client.query({ name, text, values });
  try {
    await client.query("BEGIN");
    await run("order", ORDER, [id, `bare:${req.headers.owner}`, ++ordinal, total, randomUUID()]);
    const amounts = lines.map((line) => line.unitPrice.amount);
    const ids = lines.map((line) => line.productId);
    await run("lines", LINES, [id, ids, amounts, lines.map((line) => line.quantity)]);
    await run("request", REQUEST, [hash, hash, id]);
    await run("event", EVENT, [randomUUID(), ordinal % 64, id, JSON.stringify(order)]);
    await client.query("COMMIT");
  } finally {
    client.release();
  }
  res.status(201).json({ order, cart: null });
});
app.get("/ready", (_req, res) => {
  res.end();
});

app.listen(Number(process.env.PORT), "127.0.0.1");

import type { QueryResultRow } from "pg";
import { type Postgres, type PostgresRunner, retryTransient } from "../platform/sql/postgres.ts";
import { loadStatements, type NamedStatement, namedStatements } from "../platform/sql/sql-file.ts";
import { newId } from "../platform/uuid/new-id.ts";
import {
  earlierOf,
  isOrderId,
  type LatestRow,
  moneyOfRow,
  type OrderRow,
  ordersOf,
  type RequestRow,
  type TotalRow,
} from "./order-rows.ts";
import type { AppendEvents, OrderStore } from "./order-store.ts";
import { fullOwner, ownerKey } from "./owner-key.ts";
import { STATEMENTS } from "./statements.ts";

const SQL = namedStatements(
  "orders",
  loadStatements(new URL("./sql/postgres/", import.meta.url), STATEMENTS),
);

/** Orders in PostgreSQL; the statements are prepared once per connection. */
export function createPostgresOrderStore(database: Postgres, append: AppendEvents): OrderStore {
  async function rows<R extends QueryResultRow>(
    statement: NamedStatement,
    values: unknown[],
    on: PostgresRunner = database,
  ): Promise<R[]> {
    return (await on.query<R>({ ...statement, values })).rows;
  }
  const ask = <R extends QueryResultRow>(statement: NamedStatement, values: unknown[]) =>
    retryTransient(() => rows<R>(statement, values));

  const byId: OrderStore["byId"] = async (id) =>
    isOrderId(id) ? (ordersOf(await ask<OrderRow>(SQL.byId, [id]))[0] ?? null) : null;

  return {
    byId,
    checkoutBasis: async (owner, requestId) => {
      const [row] = await ask<LatestRow & RequestRow>(SQL.checkoutBasis, [ownerKey(owner), requestId]);
      const { ordinal, unsettled } = row!;
      return {
        ordinal: Number(ordinal ?? 0),
        unsettled: unsettled === null ? null : await byId(unsettled),
        earlier: earlierOf(row),
      };
    },
    place: (order, request, event) =>
      database.transaction(async (tx) => {
        const { cart, total } = order;
        const { id, owner, ordinal, status, version, placedAt } = order;
        const head = [id, ownerKey(owner), ordinal, status, version, placedAt];
        const sums = [total.currency, total.amount, cart.cartId, cart.version];
        const lines = order.lines.map((line) => ({
          p: line.productId,
          n: line.name,
          u: line.unitPrice.amount,
          a: line.agreedPrice.amount,
          q: line.quantity,
        }));
        const values = [...head, ...sums, JSON.stringify(lines), request.id, request.hash, fullOwner(owner)];
        const [row] = await rows<{ placed: number }>(SQL.place, values, tx);
        if (row!.placed === 0) return false;
        await append([event], tx);
        return true;
      }),
    skip: (owner, ordinal) =>
      retryTransient(async () => {
        const values = [newId(), ownerKey(owner), ordinal, fullOwner(owner)];
        return (await database.query({ ...SQL.skip, values })).rowCount === 1;
      }),
    page: async (owner, before, limit) =>
      ordersOf(await ask<OrderRow>(SQL.page, [ownerKey(owner), before, limit])),
    request: async (id) => earlierOf((await ask<RequestRow>(SQL.request, [id]))[0]),
    advance: (order, request, event) =>
      database.transaction(async (tx) => {
        const to = [order.id, order.status, order.version];
        const values = [...to, request?.id ?? null, request?.hash ?? null, event.occurredAt];
        const [row] = await rows<{ advanced: number }>(SQL.advance, values, tx);
        if (row!.advanced === 0) return false;
        await append([event], tx);
        return true;
      }),
    unsettled: async (placedBefore, limit, after) =>
      ordersOf(await ask<OrderRow>(SQL.unsettled, [placedBefore, limit, after.placedAt, after.id])),
    countUnsettled: async (placedBefore) =>
      Number((await ask<{ unsettled: string }>(SQL.countUnsettled, [placedBefore]))[0]!.unsettled),
    settle: async (ids) => (await ask<TotalRow>(SQL.settle, [ids])).map(moneyOfRow),
    forgetRequests: async (before, limit) => {
      const { rowCount } = await database.query({ ...SQL.forgetRequests, values: [before, limit] });
      return rowCount ?? 0;
    },
  };
}

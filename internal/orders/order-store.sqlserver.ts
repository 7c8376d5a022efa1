import mssql from "mssql";
import { MOST_OWNER_LENGTH } from "../platform/identity/identity.ts";
import { loadStatements } from "../platform/sql/sql-file.ts";
import { retryTransient, type SqlServer, type SqlServerRunner } from "../platform/sql/sqlserver.ts";
import { newId } from "../platform/uuid/new-id.ts";
import type { Order } from "./order.ts";
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
import type { AppendEvents, OrderStore, RememberedRequest } from "./order-store.ts";
import { fullOwner, MOST_KEY_LENGTH, ownerKey } from "./owner-key.ts";
import { STATEMENTS } from "./statements.ts";
import { lineRows } from "./tables.sqlserver.ts";

const SQL = loadStatements(new URL("./sql/sqlserver/", import.meta.url), STATEMENTS);

const OWNER = mssql.NVarChar(MOST_KEY_LENGTH);
const HASH = mssql.Char(64);

type Bind = (request: mssql.Request) => mssql.Request;

/** Orders in SQL Server. */
export function createSqlServerOrderStore(server: SqlServer, append: AppendEvents): OrderStore {
  const on = <R>(runner: SqlServerRunner, sql: string, bind: Bind) =>
    runner.run((request) => bind(request).query<R>(sql));
  const ask = <R>(sql: string, bind: Bind) => retryTransient(() => on<R>(server, sql, bind));

  const byId: OrderStore["byId"] = async (id) => {
    if (!isOrderId(id)) return null;
    const { recordset } = await ask<OrderRow>(SQL.byId, ofOrder(id));
    return ordersOf(recordset)[0] ?? null;
  };

  return {
    byId,
    checkoutBasis: async (owner, requestId) => {
      const { recordsets } = await ask<LatestRow>(SQL.checkoutBasis, (request) =>
        request.input("owner", OWNER, ownerKey(owner)).input("request_id", HASH, requestId),
      );
      const [latest, requests] = recordsets as unknown as [LatestRow[], RequestRow[]];
      const { ordinal, unsettled } = latest[0] ?? { ordinal: null, unsettled: null };
      return {
        ordinal: Number(ordinal ?? 0),
        unsettled: unsettled === null ? null : await byId(unsettled),
        earlier: earlierOf(requests[0]),
      };
    },
    place: (order, request, event) =>
      server.transaction(async (tx) => {
        const { recordset } = await on<{ placed: number }>(tx, SQL.place, placing(order, request));
        if (recordset[0]!.placed === 0) return false;
        await append([event], tx);
        return true;
      }),
    skip: async (owner, ordinal) => {
      const { rowsAffected } = await ask(SQL.skip, (request) =>
        ofOrder(newId())(ofOwner(owner)(request))
          .input("ordinal", mssql.BigInt, ordinal)
          .input("now", mssql.BigInt, Date.now()),
      );
      return rowsAffected[0] === 1;
    },
    page: async (owner, before, limit) => {
      const { recordset } = await ask<OrderRow>(SQL.page, (request) =>
        request
          .input("owner", OWNER, ownerKey(owner))
          .input("before", mssql.BigInt, before)
          .input("limit", mssql.Int, limit),
      );
      return ordersOf(recordset);
    },
    request: async (id) =>
      earlierOf(
        (await ask<RequestRow>(SQL.request, (request) => request.input("request_id", HASH, id))).recordset[0],
      ),
    advance: (order, remembered, event) =>
      server.transaction(async (tx) => {
        const { recordset } = await on<{ advanced: number }>(tx, SQL.advance, (request) =>
          ofOrder(order.id)(request)
            .input("status", mssql.NVarChar(20), order.status)
            .input("version", mssql.Int, order.version)
            .input("request_id", HASH, remembered?.id ?? null)
            .input("request_hash", HASH, remembered?.hash ?? null)
            .input("now", mssql.BigInt, event.occurredAt),
        );
        if (recordset[0]!.advanced === 0) return false;
        await append([event], tx);
        return true;
      }),
    unsettled: async (placedBefore, limit, after) => {
      const { recordset } = await ask<OrderRow>(SQL.unsettled, (request) =>
        request
          .input("placed_before", mssql.BigInt, placedBefore)
          .input("limit", mssql.Int, limit)
          .input("after", mssql.BigInt, after.placedAt)
          .input("after_id", mssql.UniqueIdentifier, after.id),
      );
      return ordersOf(recordset);
    },
    countUnsettled: async (placedBefore) => {
      const { recordset } = await ask<{ unsettled: string }>(SQL.countUnsettled, (request) =>
        request.input("placed_before", mssql.BigInt, placedBefore),
      );
      return Number(recordset[0]!.unsettled);
    },
    settle: async (ids) => {
      const { recordset } = await ask<TotalRow>(SQL.settle, (request) =>
        request.input("order_ids", mssql.NVarChar(mssql.MAX), ids.join(",")),
      );
      return recordset.map(moneyOfRow);
    },
    forgetRequests: async (before, limit) => {
      const { rowsAffected } = await ask(SQL.forgetRequests, (request) =>
        request.input("before", mssql.BigInt, before).input("limit", mssql.Int, limit),
      );
      return rowsAffected[0] ?? 0;
    },
  };
}

const ofOrder =
  (id: string): Bind =>
  (request) =>
    request.input("order_id", mssql.UniqueIdentifier, id);

const ofOwner =
  (owner: string): Bind =>
  (request) =>
    request
      .input("owner", OWNER, ownerKey(owner))
      .input("owner_full", mssql.NVarChar(MOST_OWNER_LENGTH), fullOwner(owner));

/** Binds the parameters of place.sql. */
function placing(order: Order, remembered: RememberedRequest): Bind {
  return (request) =>
    ofOrder(order.id)(ofOwner(order.owner)(request))
      .input("ordinal", mssql.BigInt, order.ordinal)
      .input("status", mssql.NVarChar(20), order.status)
      .input("version", mssql.Int, order.version)
      .input("placed_at", mssql.BigInt, order.placedAt)
      .input("currency", mssql.NChar(3), order.total.currency)
      .input("total", mssql.BigInt, order.total.amount)
      .input("cart_id", mssql.NVarChar(64), order.cart.cartId)
      .input("cart_version", mssql.BigInt, order.cart.version)
      .input("lines", lineRows(order.lines))
      .input("request_id", HASH, remembered.id)
      .input("request_hash", HASH, remembered.hash);
}

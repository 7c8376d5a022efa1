import type { Order, OrderStatus } from "./order.ts";
import type { CheckoutBasis } from "./order-store.ts";

/** One line with its order, as the drivers give it: whole numbers of 64 bits as text, ids in either case. */
export interface OrderRow {
  order_id: string;
  owner: string;
  ordinal: string;
  status: string;
  version: number;
  placed_at: number | string;
  currency: string;
  total: string;
  cart_id: string;
  cart_version: string;
  product_id: string;
  name: string;
  unit_price: string;
  agreed_price: string;
  quantity: number;
}

/** The orders of rows that come order by order and line by line. */
export function ordersOf(rows: readonly OrderRow[]): Order[] {
  return [...Map.groupBy(rows, (row) => row.order_id).values()].map(orderOf);
}

function orderOf(rows: readonly OrderRow[]): Order {
  const first = rows[0]!;
  const { currency } = first;
  const money = (amount: string) => ({ amount: Number(amount), currency });
  return {
    id: first.order_id.toLowerCase(),
    owner: first.owner,
    ordinal: Number(first.ordinal),
    status: first.status as OrderStatus,
    version: first.version,
    placedAt: Number(first.placed_at),
    lines: rows.map((row) => ({
      productId: row.product_id,
      name: row.name,
      unitPrice: money(row.unit_price),
      agreedPrice: money(row.agreed_price),
      quantity: row.quantity,
    })),
    total: moneyOfRow(first),
    cart: { cartId: first.cart_id, version: Number(first.cart_version) },
  };
}

export interface TotalRow {
  currency: string;
  total: string;
}

export const moneyOfRow = ({ currency, total }: TotalRow) => ({ amount: Number(total), currency });

export interface LatestRow {
  ordinal: string | null;
  unsettled: string | null;
}

export interface RequestRow {
  request_hash: string | null;
  requested: string | null;
}

/** What a request led to, as far as a row tells. */
export function earlierOf(row: RequestRow | undefined): CheckoutBasis["earlier"] {
  if (row === undefined || row.request_hash === null || row.requested === null) return null;
  return { hash: row.request_hash, orderId: row.requested.toLowerCase() };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a database can be asked for this id: what is none, it would refuse. */
export const isOrderId = (id: string) => UUID.test(id);

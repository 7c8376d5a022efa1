import mssql from "mssql";
import type { OrderLine } from "./order.ts";

/**
 * Lines as the table parameter `order_line_rows`. Babelfish 4.4 pastes such rows into a statement without
 * doubling apostrophes, so those of a name travel as NCHAR(1), which no name has; place.sql turns them back.
 */
export function lineRows(lines: readonly OrderLine[]): mssql.Table {
  const table = new mssql.Table("order_line_rows");
  table.columns.add("line_no", mssql.Int, { nullable: false });
  table.columns.add("product_id", mssql.NVarChar(64), { nullable: false });
  table.columns.add("name", mssql.NVarChar(300), { nullable: false });
  table.columns.add("unit_price", mssql.BigInt, { nullable: false });
  table.columns.add("agreed_price", mssql.BigInt, { nullable: false });
  table.columns.add("quantity", mssql.Int, { nullable: false });
  for (const [index, line] of lines.entries())
    table.rows.add(
      index + 1,
      line.productId,
      line.name.replaceAll("'", "\u0001"),
      line.unitPrice.amount,
      line.agreedPrice.amount,
      line.quantity,
    );
  return table;
}

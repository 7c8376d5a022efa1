import { endOnBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { changeProduct } from "../internal/testkit/local/change-product.ts";
import { readState } from "../internal/testkit/local/state.ts";
import { fail } from "../internal/testkit/local/steps.ts";

/* `make price PRODUCT=<id> AMOUNT=<minor units>` and `make stock PRODUCT=<id> STOCK=<n>`. */

endOnBrokenPipe();
const what = process.argv[2] === "stock" ? "stock" : "price";
const variable = what === "stock" ? "STOCK" : "AMOUNT";
const { PRODUCT: id = "" } = process.env;
const value = process.env[variable] ?? "";
if (id === "" || !/^\d{1,10}$/.test(value))
  fail(
    `Say of which product, and a whole number from 0 to 9999999999: make ${what} PRODUCT=<id> ${variable}=<number>`,
  );
const wish = what === "stock" ? { stock: Number(value) } : { amount: Number(value) };
const { name, price, stock } = await changeProduct(readState(), id, wish).catch(fail);
console.log(`${name}: ${price.amount} ${price.currency} in minor units, ${stock} in stock`);

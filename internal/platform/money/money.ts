import { z } from "zod";

/** An amount of money. */
export interface Money {
  /** Whole minor units of the currency, such as cents. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** As clients get it. */
export const moneySchema = z.object({
  amount: z.int().describe("whole minor units"),
  currency: z.string().describe("ISO 4217"),
});

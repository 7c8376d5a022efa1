/** The statements of orders in both dialects, each a file of that name below `sql/`. */
export const STATEMENTS = [
  "place",
  "skip",
  "checkoutBasis",
  "byId",
  "page",
  "request",
  "advance",
  "unsettled",
  "countUnsettled",
  "settle",
  "forgetRequests",
] as const;

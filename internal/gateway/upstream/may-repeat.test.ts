import { expect } from "chai";
import { mayRepeat } from "./may-repeat.ts";

describe("A request whose answer was lost", () => {
  const key = { "idempotency-key": "k" };
  for (const [method, headers, expected, why] of [
    ["GET", {}, true, "it changes nothing"],
    ["HEAD", {}, true, "it changes nothing"],
    ["GET", { "if-match": '"3"' }, true, "it changes nothing"],
    ["PUT", {}, true, "twice is as once"],
    ["DELETE", {}, true, "twice is as once"],
    ["POST", {}, false, "it would add twice"],
    ["PATCH", {}, false, "it might change twice"],
    ["POST", key, true, "the service remembers it"],
    ["PUT", { "if-match": '"3"' }, false, "it could become a false 412"],
    ["DELETE", { "if-match": '"3"' }, false, "it could become a false 412"],
    ["PUT", { "if-none-match": "*" }, false, "it could become a false 412"],
    ["PUT", { "if-match": '"3"', ...key }, true, "the service remembers it"],
    ["POST", { "if-match": '"3"', ...key }, true, "the service remembers it"],
  ] as const) {
    const named = `${method} ${JSON.stringify(headers)}`;
    it(`${named} ${expected ? "may" : "may not"} be sent again: ${why}`, () => {
      expect(mayRepeat(method, headers)).to.equal(expected);
    });
  }
});

import { expect } from "chai";
import type { Answer } from "../testkit/shopper.ts";

/**
 * Expects problem+json of this status and code, complete,
 * without a stack, and about `field` when one is named.
 */
export function expectProblem(answer: Answer, status: number, code: string, field?: string): void {
  expect([answer.status, answer.body.code, answer.body.status], JSON.stringify(answer.body)).to.deep.equal([
    status,
    code,
    status,
  ]);
  expect(answer.headers.get("content-type")).to.match(/^application\/problem\+json/);
  expect(answer.body).to.include.keys("type", "title", "detail", "instance");
  expect(JSON.stringify(answer.body)).not.to.match(/\bat .*\.(ts|js):\d+/);
  if (field !== undefined) expect(answer.body.field).to.equal(field);
}

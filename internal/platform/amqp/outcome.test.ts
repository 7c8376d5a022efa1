import { expect } from "chai";
import { endOf, rejected } from "./outcome.ts";

const end = (scope: "connection" | "link", condition?: string) =>
  endOf(scope, condition === undefined ? undefined : { condition, description: "why" }, "x");

describe("what the broker says", () => {
  it("a rejection with a reason is poison, one without is a full queue", () => {
    expect(rejected({ condition: "amqp:decode-error", description: "bad" })).to.deep.equal({
      kind: "refused",
      about: "message",
      error: "rejected by the broker: amqp:decode-error (bad)",
    });
    expect(rejected(undefined)).to.include({ kind: "refused", about: "full" });
    expect(rejected(null)).to.include({ about: "full" });
  });

  it("suspects a message only when a session or link ends with an error that one may cause", () => {
    expect(end("link", "amqp:precondition-failed").sessionFault).to.equal(true);
    expect(end("link", "amqp:link:message-size-exceeded").sessionFault).to.equal(true);
    expect(end("link", "amqp:internal-error").sessionFault).to.equal(false);
    expect(end("link").sessionFault).to.equal(false);
    expect(end("connection", "amqp:connection:forced").sessionFault).to.equal(false);
    const topic = "write access to topic 'a' in exchange 'x' in vhost '/' refused for user 'relay'";
    const forbidden = { condition: "amqp:unauthorized-access", description: topic };
    expect(endOf("link", forbidden, "x")).to.include({ sessionFault: true, lasting: false });
  });

  it("tells what stays until somebody changes the set-up", () => {
    expect(end("link", "amqp:not-found")).to.deep.equal({
      reason: 'exchange "x" does not exist',
      sessionFault: false,
      lasting: true,
    });
    expect(end("link", "amqp:unauthorized-access")).to.include({ lasting: true, sessionFault: false });
    const login = { condition: "amqp:unauthorized-access", description: "Failed to authenticate: 1" };
    expect(endOf("connection", login, "x").reason).to.match(/user or password/);
    expect(end("connection", "amqp:unauthorized-access").reason).to.match(/virtual host/);
    expect(end("connection", "amqp:connection:forced").lasting).to.equal(false);
  });
});

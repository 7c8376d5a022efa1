import { expect } from "chai";
import { sleepingPart } from "./sleeping-part.ts";
import type { Started, State } from "./state.ts";
import { forgetVariables, refuseChanged, refuseUnread, settledFor } from "./variables.ts";

describe("A variable that is given to make up", () => {
  const { part: anyPart, state } = sleepingPart();
  const part = (name: string, more: Partial<Started> = {}) => anyPart(name, { variables: {}, ...more });
  const gone = (name: string, more: Partial<Started> = {}) => part(name, { pid: 0, ...more });
  const fault = (running: State, env: NodeJS.ProcessEnv) =>
    refuseChanged(running, env).then(
      () => null,
      (error: Error) => error.message,
    );

  it("is refused by name, without its value, where what runs was started with another or without it", async () => {
    const running = state(
      part("redis"),
      part("rabbitmq", { variables: { RABBITMQ: "4" } }),
      part("cart", { variables: { CART_TTL_SECONDS: "60" } }),
      part("gateway", { port: 8080 }),
    );
    const env = { REDIS: "8", RABBITMQ: "4", CART_TTL_SECONDS: "61", HSTS_SECONDS: "1", PORT: "8080" };
    expect(await fault(running, env)).to.equal(
      "Cartwright runs with another REDIS, CART_TTL_SECONDS, HSTS_SECONDS; make down first to change it, or leave it out.",
    );
    expect(await fault(running, { PORT: "8081" })).to.contain("another PORT;");
  });

  it("may be given again as it was, or be left out, or be empty", async () => {
    const running = state(part("redis", { variables: { REDIS: "8" } }), part("gateway", { port: 8080 }));
    for (const env of [{ REDIS: "8", PORT: "8080" }, { REDIS: "" }, {}])
      expect(await fault(running, env)).to.equal(null);
  });

  it("counts for a part that does not run, and for one that does not read it", async () => {
    const running = state(
      part("redis"),
      part("catalog-stub"),
      gone("cart"),
      part("relay", { starting: true }),
    );
    expect(await fault(running, { CART_TTL_SECONDS: "61", RABBITMQ: "4" })).to.equal(null);
  });

  it("is kept for a part that is started again while others run, unless it never got ready with it", async () => {
    const variables = { CART_TTL_SECONDS: "60", CART_MAX_LINES: "5" };
    const running = state(part("redis"), gone("cart", { variables }));
    forgetVariables(running);
    expect(await settledFor(running, "cart", { CART_MAX_LINES: "6", HSTS_SECONDS: "1" })).to.deep.equal({
      CART_TTL_SECONDS: "60",
      CART_MAX_LINES: "6",
    });
    const half = state(part("redis"), gone("cart", { variables, starting: true }));
    expect(await settledFor(half, "cart", {})).to.deep.equal({});
    const ended = state(gone("redis"), gone("cart", { variables }));
    forgetVariables(ended);
    expect(await settledFor(ended, "cart", {})).to.deep.equal({});
  });

  it("that names a database or a broker cannot be exchanged under a running platform", async () => {
    const [sql, amqp] = ["sqlserver://a:b@h:1/d", "amqp://a:b@h"];
    const own = { ...state(part("cart"), part("rabbitmq")), databaseUrl: "postgres://a:b@h:1/d" };
    const both = "Cartwright runs with another DATABASE_URL, AMQP_URL; make down first";
    expect(await fault(own, { DATABASE_URL: sql, AMQP_URL: amqp })).to.contain(both);
    const given = { ...state(part("cart"), part("outbox-relay")), databaseUrl: sql, givenAmqpUrl: amqp };
    expect(await fault(given, { DATABASE_URL: sql, AMQP_URL: amqp })).to.equal(null);
    expect(await fault(given, { DATABASE_URL: `${sql}2`, AMQP_URL: `${amqp}2` })).to.contain(both);
    expect(await fault(state(), { DATABASE_URL: sql, AMQP_URL: amqp })).to.equal(null);
  });

  it("is refused where it would go unread", () => {
    expect(() => refuseUnread({ DATABASE: "sqlserver" }, null, null)).to.throw("DATABASE_URL=sqlserver://");
    expect(() => refuseUnread({ MANAGEMENT_URL: "http://h" }, null, null)).to.throw("AMQP_URL");
    const all = { DATABASE: "sqlserver", MANAGEMENT_URL: "http://h" };
    expect(() => refuseUnread(all, "sqlserver://a:b@h:1/d", "amqp://a:b@h")).to.not.throw();
  });
});

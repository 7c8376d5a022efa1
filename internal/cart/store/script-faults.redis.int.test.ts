import { expect } from "chai";
import type { Redis } from "ioredis";
import type { Script } from "../../platform/redis/script.ts";
import { unwrap } from "../../platform/result/result.ts";
import { shardKeys } from "./keys.ts";
import { CLAIMING_SCRIPTS, TRANSFER_SCRIPTS, WRITING_SCRIPTS } from "./rights.redis.ts";
import { add, type StoreScene, withStoreToSpoil } from "./store-scene.contract.ts";

describe("The cart's scripts, one of whose calls fails,", function () {
  this.timeout(60_000);
  let redis: Redis;
  let apply: StoreScene["apply"];
  withStoreToSpoil((scene) => {
    ({ redis, apply } = scene);
  });

  /** Calls of the scripts' sources that have failed on purpose, as text. */
  const failed = new Set<string>();
  /** Scripts that have changed a cart. */
  const changing = new Set<string>();
  const ARGS = {
    owner: "user:faults",
    owner_json: JSON.stringify("user:faults"),
    ttl: 60_000,
    grace: 60_000,
    key: "k",
    request: "r",
    remember: 60_000,
    keep: 2,
    event: "event",
    expiry_event: "expiry",
    cart: "fresh",
    trace: "",
    product: "a",
    quantity: 7,
    stock: 1_000,
    max_lines: 100,
    max_quantity: 999,
    order: "order",
    cart_id: "",
    version: 1_000,
    lines: [{ product: "a", quantity: 1 }],
    strategy: "max",
    change: '{"type":"merged"}',
    client_key: "client k",
    client_request: "max",
    user: "user:faults",
    token: "token",
    forget: 60_000,
    notice: 120_000,
  };
  const TRANSFER = [shardKeys.transfer(0, ARGS.owner), shardKeys.transfers(0)] as const;
  const CLAIM = shardKeys.claim(0, ARGS.owner);

  /** What a script is run with: its keys, and its arguments for the cart or transfer at hand. */
  async function inputOf(name: string): Promise<{ keys: readonly string[]; args: object }> {
    const { owner } = ARGS;
    const cart = shardKeys.cart(0, owner);
    const keys = [cart, shardKeys.stream(0), shardKeys.expiry(0), shardKeys.ordinal(0)];
    if (name === "expiring")
      return { keys: [cart, shardKeys.stream(0), shardKeys.ordinal(0), shardKeys.expiring(0)], args: ARGS };
    if (["settle", "resume"].includes(name))
      return { keys: TRANSFER, args: { ...ARGS, cart: "c", version: "1" } };
    const lines = [{ product: "c", quantity: 1, stock: 5 }];
    if (name === "reduce") return { keys: [...keys, CLAIM], args: { ...ARGS, key: undefined } };
    if (name === "give")
      return { keys: [...keys, shardKeys.idempotency(0, owner), CLAIM], args: { ...ARGS, lines } };
    if (name !== "take") return { keys: [...keys, shardKeys.idempotency(0, owner)], args: ARGS };
    const [id, version] = await redis.hmget(cart, "@id", "@v");
    return {
      keys: [...keys, ...TRANSFER, CLAIM],
      args: { ...ARGS, cart: id ?? "", version: Number(version) },
    };
  }

  /** What a cart is in before the script, so that all together lead through every call. */
  const scenes = {
    "a cart that lives": async () => {
      for (const product of ["a", "b"]) unwrap(await apply(ARGS.owner, add(product)));
    },
    "a cart's last line, and too many remembered requests": async () => {
      unwrap(await apply(ARGS.owner, add("a"), { idempotencyKey: "k1" }));
      unwrap(await apply(ARGS.owner, add("a"), { idempotencyKey: "k2" }));
    },
    "a cart without anything of an order's": async () => {
      unwrap(await apply(ARGS.owner, add("b")));
    },
    "a cart that has expired": async () => {
      unwrap(await apply(ARGS.owner, add("a")));
      await redis.hset(shardKeys.cart(0, ARGS.owner), "@x", 1);
    },
    "a cart whose data is missing": async () => {
      await redis.zadd(shardKeys.expiry(0), 1, ARGS.owner);
    },
    "a merge that is remembered": async () => {
      const { keys, args } = await inputOf("give");
      const once = JSON.stringify({ ...args, client_key: undefined });
      await redis.eval(sourceOf("give", WRITING_SCRIPTS), keys.length, ...keys, once);
    },
    "a transfer that waits": async () => {
      await redis.hset(TRANSFER[0], { pending: "{}", user: ARGS.owner, cart: "c", version: "1" });
      await redis.zadd(TRANSFER[1], 1, ARGS.owner);
    },
    "a cart that is being checked out": async () => {
      unwrap(await apply(ARGS.owner, add("a")));
      const claim = sourceOf("claim", CLAIMING_SCRIPTS);
      await redis.eval(claim, 2, shardKeys.cart(0, ARGS.owner), CLAIM, JSON.stringify(ARGS));
    },
    "an index that has a live cart as due": async () => {
      unwrap(await apply(ARGS.owner, add("a")));
      await redis.zadd(shardKeys.expiry(0), 1, ARGS.owner);
    },
  };

  for (const { name, lua } of [...WRITING_SCRIPTS, ...TRANSFER_SCRIPTS])
    for (const [scene, prepare] of Object.entries(scenes))
      it(`never changes a cart without its event, whichever call of ${name}.lua fails on ${scene}`, async () => {
        const cart = shardKeys.cart(0, ARGS.owner);
        for (let nth = 1, completed = false; !completed; nth++) {
          await redis.flushall();
          await prepare();
          ARGS.cart_id = (await redis.hget(cart, "@id")) ?? "";
          // That an order's lines or its version are no longer there is a note, and no change.
          const noted = name === "reduce" ? { "@o": undefined, "@v": undefined } : {};
          const seen = async () => JSON.stringify({ ...(await redis.hgetall(cart)), ...noted });
          const before = await seen();
          const staged = await redis.xlen(shardKeys.stream(0));
          const { keys, args } = await inputOf(name);
          const error = await redis.eval(failing(lua), keys.length, ...keys, JSON.stringify(args), nth).then(
            () => null,
            (reason: Error) => reason.message,
          );
          completed = error === null;
          if (error !== null) failed.add(injectedInto(error));
          const changed = (await seen()) !== before;
          const told = (await redis.xlen(shardKeys.stream(0))) > staged;
          expect(changed && !told, `call ${nth}: changed, and not told of`).to.equal(false);
          if (changed) changing.add(name);
          const kept = (await redis.exists(cart)) + (await redis.hexists(TRANSFER[0], "pending"));
          const lost = name === "take" && before !== "{}" && kept === 0;
          expect(lost, `call ${nth}: in neither of both`).to.equal(false);
        }
      });

  const ends = [
    { name: "claim", argv: [JSON.stringify(ARGS)], after: 1 },
    { name: "release", argv: [ARGS.token, "nothing"], after: 0 },
    { name: "release", argv: [ARGS.token, "unknown"], after: 1 },
    { name: "release", argv: [ARGS.token, "decided"], after: 0 },
  ];
  for (const { name, argv, after } of ends)
    it(`leaves no claim without an end, whichever call of ${name}.lua (${argv[1] ?? "any"}) fails`, async () => {
      const keys = name === "claim" ? [shardKeys.cart(0, ARGS.owner), CLAIM] : [CLAIM];
      const lua = sourceOf(name, CLAIMING_SCRIPTS);
      for (let nth = 1, completed = false; !completed; nth++) {
        await redis.flushall();
        if (name === "release")
          await redis.eval(sourceOf("claim", CLAIMING_SCRIPTS), 2, "no cart", CLAIM, JSON.stringify(ARGS));
        const error = await redis.eval(failing(lua), keys.length, ...keys, ...argv, nth).then(
          () => null,
          (reason: Error) => reason.message,
        );
        completed = error === null;
        if (error !== null) failed.add(injectedInto(error));
        expect(await redis.pttl(CLAIM), `call ${nth}: -1 is a claim without an end`).not.to.equal(-1);
      }
      expect(await redis.exists(CLAIM)).to.equal(after);
    });

  it("has made every call of every script fail, and every script that changes carts change one", () => {
    const scripts = [...WRITING_SCRIPTS, ...TRANSFER_SCRIPTS, ...CLAIMING_SCRIPTS];
    const calls = scripts.flatMap(({ lua }) => lua.match(CALL)!);
    expect([...failed].sort()).to.deep.equal([...new Set(calls)].sort());
    expect([...changing].sort()).to.deep.equal(WRITING_SCRIPTS.map(({ name }) => name).sort());
  });
});

/** A call in a script's source, as far as its command and its key. */
const CALL = /redis\.call\("[A-Z]+"(, [\w.]+)?/g;

/** The call that was made to fail, from the error it led to. */
const injectedInto = (error: string) => /^INJECTED (.*?)(?: script: .*)?$/.exec(error)?.[1] ?? error;

const sourceOf = (name: string, scripts: readonly Script[]) =>
  scripts.find((script) => script.name === name)!.lua;

/** The script, of which the call whose number is the last argument fails with the text of that call. */
function failing(lua: string): string {
  const [declaration, ...body] = lua.split("\n");
  return `${declaration}
local calls = 0
local function counted(text, ...)
  calls = calls + 1
  if calls == tonumber(ARGV[#ARGV]) then error({ err = "INJECTED " .. text }) end
  return redis.call(...)
end
${body.join("\n").replace(CALL, (call) => `counted([[${call}]], ${call.slice("redis.call(".length)}`)}`;
}

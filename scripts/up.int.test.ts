import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { eventually } from "../internal/testkit/eventually.ts";
import { watch } from "../internal/testkit/guard.ts";
import type { Started, State } from "../internal/testkit/local/state.ts";
import { endProcess, identify, stillRuns } from "../internal/testkit/servers/child.ts";
import { ask } from "../internal/testkit/servers/database.ts";
import { freePort, portTaken } from "../internal/testkit/servers/free-port.ts";
import { ownRabbit, testRabbit } from "../internal/testkit/servers/test-servers.ts";

/* The commands behind the Makefile, on a run folder of their own. */

const NAMES = ["redis", "postgres", "rabbitmq", "catalog-stub", "cart", "outbox-relay", "gateway"];

describe("make up and make down", function () {
  this.timeout(300_000);
  let dir: string;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "cartwright up-"));
    chmodSync(dir, 0o711); // PostgreSQL's user must be able to go there
    const { PATH, RABBITMQ } = process.env;
    watch({ dir: join(dir, ".run/rabbitmq") });
    watch({ stateFile: join(dir, ".run/state.json") });
    env = { PATH, RABBITMQ, CARTWRIGHT_RUN_DIR: join(dir, ".run"), PORT: String(await freePort()) };
  });
  after(async () => {
    await script("down.ts");
    rmSync(dir, { recursive: true, force: true });
  });

  it("refuses a port that another program has, names it, and starts nothing", async () => {
    const server = createServer().listen(Number(env.PORT), "127.0.0.1");
    await once(server, "listening");
    const { code, output } = await script("up.ts");
    server.close();
    expect(code).to.equal(1);
    expect(output).to.contain(`(pid ${process.pid})`).and.to.contain("PORT=");
    expect(existsSync(stateFile())).to.equal(false);
  });

  it("names the variable whose server cannot be used, and why, before it starts anything", async () => {
    const rabbit = await testRabbit();
    const closed = await freePort();
    for (const [given, said] of [
      [
        { AMQP_URL: rabbit.relayUrl.replace(/relay:\w+@/, "relay:s3cret@") },
        "AMQP_URL names a server that cannot be used: the broker refuses the configured user or password",
      ],
      [
        { AMQP_URL: rabbit.relayUrl, DATABASE_URL: `sqlserver://cart:s3cret@127.0.0.1:${closed}/shop` },
        `DATABASE_URL names a server that cannot be used: connect ECONNREFUSED 127.0.0.1:${closed}`,
      ],
    ] as const) {
      const { code, output } = await script("up.ts", given);
      expect([code, output.trim().split("\n").at(-1)]).to.deep.equal([1, said]);
      expect(output).to.not.contain("s3cret");
      expect(readdirSync(env.CARTWRIGHT_RUN_DIR!)).to.deep.equal([]);
    }
  });

  it("leaves nothing unknown when it is killed -9 while the broker starts, and goes on the next time", async () => {
    const up: ChildProcess = spawn(process.execPath, [pathOf("up.ts")], { env, stdio: "ignore" });
    const half = await eventually("the broker is being started", () => part("rabbitmq"), {
      timeoutMs: 60_000,
    });
    up.kill("SIGKILL");
    expect(half.starting).to.equal(true);
    const { code, output } = await script("up.ts");
    expect(code, output).to.equal(0);
    expect(state().started.map(({ name }) => name)).to.deep.equal(NAMES);
    expect(state().started.every((each) => stillRuns(each) && each.starting !== true)).to.equal(true);
    expect(stillRuns(half) && half.pid !== part("rabbitmq")!.pid).to.equal(false);
  });

  it("keeps its secrets, its data and its logs from others", () => {
    const isOpen = (path: string) => (statSync(path).mode & 0o077) !== 0;
    const readable = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (!(entry.isDirectory() || entry.isFile()) || !isOpen(path)) return [];
        return entry.isFile() ? [path] : readable(path);
      });
    expect(existsSync(join(env.CARTWRIGHT_RUN_DIR!, "logs/cart.log"))).to.equal(true);
    expect(readable(env.CARTWRIGHT_RUN_DIR!)).to.deep.equal([]);
  });

  it("does nothing the second time", async () => {
    const before = pids();
    const { code, output } = await script("up.ts");
    expect([code, output.includes("7 parts run already")]).to.deep.equal([0, true]);
    expect(pids()).to.deep.equal(before);
  });

  it("refuses variables other than those that it runs with, and names all of them", async () => {
    const before = pids();
    const others = { DATABASE_URL: "sqlserver://a:s3cret@h:1/d", AMQP_URL: "amqp://a:s3cret@h", REDIS: "8" };
    const { code, output } = await script("up.ts", { ...others, CART_TTL_SECONDS: "60" });
    const names = "DATABASE_URL, AMQP_URL, REDIS, CART_TTL_SECONDS";
    expect([code, output.trim()]).to.deep.equal([
      1,
      `Cartwright runs with another ${names}; make down first to change it, or leave it out.`,
    ]);
    expect(pids()).to.deep.equal(before);
  });

  it("starts what died, and what must learn that it moved", async () => {
    const before = pids();
    const redis = part("redis")!;
    await endProcess(redis, "SIGKILL");
    const squatter = createServer().listen(redis.port, "127.0.0.1");
    await once(squatter, "listening");
    const { code, output } = await script("up.ts");
    squatter.close();
    expect(code, output).to.equal(0);
    expect(part("redis")!.port).not.to.equal(redis.port);
    const renewed = pids().flatMap(([name, pid], i) => (pid === before[i]![1] ? [] : [name]));
    expect(renewed).to.deep.equal(["redis", "cart", "outbox-relay", "gateway"]);
  });

  it("tells the state of each part, the lag, what waits for a sweep, and what the gateway stands on", async () => {
    const { output } = await script("status.ts");
    expect([output.match(/ ready/g), output.match(/ listens/g)].map((found) => found?.length)).to.deep.equal([
      4, 3,
    ]);
    const lag = /outbox-relay .* \d+\.\d s \(0 staged, 0 pending, 0 dead\), 0 orders and 0 merges to finish/;
    expect(output).to.match(lag);
    const gateway =
      /gateway .* 1 of 1 addresses of the cart, 1 of 1 addresses of the catalog, limits shared, cache of \d+ URLs/;
    expect(output).to.match(gateway);
  });

  it("shows a shopper's events", async () => {
    const { code, output } = await script("demo.ts");
    expect(code, output).to.equal(0);
    expect(output).to.contain("versions 1 2 3 4 5 6: each told once, in order");
    expect(output).to.match(/checkout -> 409, PRICE_CHANGED, from (\d+) to \d+/);
    expect(output).to.contain(
      "told by cart.merged, cart.updated, cart.updated, order.cancelled, order.placed",
    );
  });

  it("says how to replay dead events only where there are some", async () => {
    expect(await script("outbox-admin.ts")).to.deep.equal({ code: 0, output: "no dead events\n" });
    const one = "WHERE seq = (SELECT max(seq) FROM outbox_event)";
    await ask(state().ownerUrl!, `UPDATE outbox_event SET dead_at = now(), published_at = NULL ${one}`);
    const { output } = await script("outbox-admin.ts");
    await ask(state().ownerUrl!, `UPDATE outbox_event SET dead_at = NULL, published_at = now() ${one}`);
    expect(output).to.match(/\n1 dead; .*\nmake replay ID=<id> or ID=all makes dead events pending\n$/);
  });

  it("changes a product's price and stock, and says what is wrong with the wish", async () => {
    const change = (what: string, more: object) =>
      new Promise<{ code: number; output: string }>((resolve) => {
        execFile(
          process.execPath,
          [pathOf("product.ts"), what],
          { env: { ...env, ...more } },
          (error, stdout, stderr) =>
            resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
        );
      });
    const PRODUCT = "mug-steel";
    expect(await change("price", { PRODUCT, AMOUNT: "1234" })).to.deep.include({ code: 0 });
    const { code, output } = await change("stock", { PRODUCT, STOCK: "7" });
    expect([code, output]).to.deep.equal([0, "Steel mug 350 ml: 1234 EUR in minor units, 7 in stock\n"]);
    for (const [what, more, said] of [
      ["price", { PRODUCT }, "make price PRODUCT=<id> AMOUNT=<number>"],
      ["stock", { PRODUCT, STOCK: "-1" }, "make stock PRODUCT=<id> STOCK=<number>"],
      ["stock", { PRODUCT: "none", STOCK: "1" }, 'There is no product "none"'],
    ] as const) {
      const refused = await change(what, more);
      expect([refused.code, refused.output.includes(said)], refused.output).to.deep.equal([1, true]);
    }
  });

  for (const name of ["status.ts", "demo.ts", "token.ts", "logs.ts", "outbox-admin.ts", "up.ts"])
    it(`says nothing when the reader of ${name} has closed the pipe`, async () => {
      const { code, output } = await closedPipe(name);
      expect(output).to.equal("");
      expect(code).to.equal(0);
    });

  it("bounds the logs while it runs", () => {
    const { logKeeper } = state();
    expect(logKeeper && stillRuns(logKeeper)).to.equal(true);
    expect(logKeeper!.folders).to.include(join(env.CARTWRIGHT_RUN_DIR!, "logs"));
  });

  it("lets one work at a time", async () => {
    const lock = join(env.CARTWRIGHT_RUN_DIR!, "lock.json");
    // As a make up in this process would hold it.
    writeFileSync(lock, JSON.stringify(identify(process.pid)), { flag: "wx" });
    const refused = await script("up.ts");
    expect([refused.code, refused.output.includes(`at work (pid ${process.pid})`)]).to.deep.equal([1, true]);
    rmSync(lock);
    expect((await script("up.ts")).code).to.equal(0);
    expect(existsSync(lock), "given back").to.equal(false);
  });

  it("stops everything it started, down to the broker's port mapper", async () => {
    const { started, ports, logKeeper } = state();
    const { epmd } = JSON.parse(
      readFileSync(join(env.CARTWRIGHT_RUN_DIR!, "rabbitmq/settings.json"), "utf8"),
    );
    expect(await portTaken(epmd)).to.equal(true);
    expect(await closedPipe("down.ts")).to.deep.equal({ code: 0, output: "" });
    expect([...started, logKeeper!].filter(stillRuns)).to.deep.equal([]);
    for (const port of [...Object.values(ports), epmd])
      expect(await portTaken(port), `${port}`).to.equal(false);
  });

  it("uses the broker of AMQP_URL, sets the topology up there and starts no RabbitMQ", async () => {
    const rabbit = await ownRabbit();
    await rabbit.manage("PUT", "vhosts/shop", {});
    await rabbit.manage("PUT", "permissions/shop/admin", { configure: ".*", write: ".*", read: ".*" });
    const { managementUrl: MANAGEMENT_URL, amqpUrl } = rabbit;
    const given = { AMQP_URL: `${amqpUrl}/shop`, MANAGEMENT_URL };
    const { code, output } = await script("up.ts", given);
    expect(code, output).to.equal(0);
    expect(output).to.contain(`management at ${MANAGEMENT_URL}`);
    expect(state().started.map(({ name }) => name)).to.not.include("rabbitmq");
    expect((await script("demo.ts")).output).to.contain("versions 1 2 3 4 5 6: each told once, in order");
    const other = await script("up.ts", { AMQP_URL: amqpUrl });
    expect(other.output).to.contain("Cartwright runs with another AMQP_URL; make down first");
    expect((await script("up.ts")).output).to.contain("6 parts run already");
    await script("down.ts");
    await rabbit.stop();
  });

  it("refuses what it would ignore", async () => {
    const { code, output } = await script("up.ts", { REDIS_URL: "redis://elsewhere:6379" });
    expect(code).to.equal(1);
    expect(output).to.contain("REDIS_URL");
  });

  const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const stateFile = () => join(env.CARTWRIGHT_RUN_DIR!, "state.json");
  const state = () => JSON.parse(readFileSync(stateFile(), "utf8")) as State;
  const part = (name: string): Started | undefined => state().started.find((each) => each.name === name);
  const pids = () => state().started.map(({ name, pid }) => [name, pid] as const);
  /** The command with nobody who reads its output; what it says on stderr, and its own exit code. */
  const closedPipe = (name: string): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      const command = '"$0" "$1" 2>&3 | sleep 0; exit ${PIPESTATUS[0]}';
      const shell = ["--norc", "-c", `exec 3>&1; ${command}`, process.execPath, pathOf(name)];
      execFile("bash", shell, { env: { ...env, TOKEN_USER: "alice" } }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
      });
    });
  const script = (name: string, more = {}): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [pathOf(name)], { env: { ...env, ...more } }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
      });
    });
});

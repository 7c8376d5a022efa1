import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { mainOf } from "../../scripts/stack/processes.ts";
import { createLogger } from "../platform/logger/logger.ts";
import { eventually } from "../testkit/eventually.ts";
import { ownPostgres, testPostgres } from "../testkit/servers.ts";
import { openOutboxStore } from "./open-store.ts";
import { describeOutboxStore } from "./store.contract.ts";

const log = createLogger("test", "fatal");

function migrate(url: string): string {
  const env = { PATH: process.env.PATH, DATABASE_URL: url };
  return execFileSync(process.execPath, [mainOf("migrate")], { encoding: "utf8", env });
}

let database: Promise<string> | undefined;
async function freshDatabase(): Promise<string> {
  const url = await (await testPostgres()).createDatabase("outbox_contract");
  migrate(url);
  return url;
}

describeOutboxStore("PostgreSQL", async () => {
  database ??= freshDatabase();
  return openOutboxStore(await database, { log });
});

describe("the outbox in PostgreSQL", () => {
  it("goes on with the same store when its server was killed and is back", async () => {
    const server = await ownPostgres();
    migrate(server.url);
    const store = openOutboxStore(server.url, { log });
    await store.ensurePartitions(4);
    await server.kill("SIGKILL");
    const refused = await store.backlog().then(
      () => "answered",
      () => "refused",
    );
    expect(refused).to.equal("refused");
    await server.start();
    await eventually("the store answers again", () => store.backlog());
    await store.close();
    await server.stop();
  });
});

import { expect } from "chai";
import pg from "pg";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { freePort } from "../../testkit/servers/free-port.ts";
import { ownPostgres } from "../../testkit/servers/test-servers.ts";
import { openDatabase } from "./database.ts";
import { connectPostgresTarget } from "./migrator.postgres.ts";
import { type Migration, type MigrationKind, migrate } from "./migrator.ts";
import { schemaIsCurrent } from "./schema-check.ts";

const migration = (name: string, kind: MigrationKind = "expanding"): Migration => ({
  name,
  kind,
  sql: "SELECT 1",
  checksum: "0".repeat(64),
});

describe("the check of the schema", function () {
  this.timeout(60_000);

  it("passes at the schema it was built for and beside an expanding newer one, and says what else is wrong", async () => {
    const server = await ownPostgres();
    const { log, lines } = recordingLogger();
    const database = openDatabase({ dialect: "postgres", url: server.appUrl }, { log });
    const known = [migration("0001_a.sql"), migration("0002_b.sql")];
    const check = schemaIsCurrent(database, known, log);
    const said = () =>
      check().then(
        () => "current",
        (error: Error) => error.message,
      );
    const apply = async (grant: boolean, ...more: Migration[]) => {
      const target = await connectPostgresTarget(server.url);
      await migrate(target, more);
      if (grant) await target.grant(server.appRole, { tables: {}, types: [] });
      await target.close();
    };
    try {
      expect(await said()).to.match(/no schema of this version yet: run migrate/);
      await apply(false, known[0]!);
      expect(await said()).to.match(/may not be read: run migrate with DATABASE_APP_ROLE/);
      await apply(true, known[0]!);
      expect(await said()).to.match(/older than this version: run migrate \(0002_b\.sql\)/);
      await apply(true, ...known);
      expect(await said()).to.equal("current");
      await apply(true, ...known, migration("0003_c.sql"));
      expect([await said(), await said()]).to.deep.equal(["current", "current"]);
      expect(lines.filter((line) => line.migrations === "0003_c.sql")).to.have.length(1);
      await apply(true, ...known, migration("0003_c.sql"), migration("0004_d.sql", "contracting"));
      expect(await said()).to.match(/contracting migration 0004_d\.sql of a newer version/);
      const before = new pg.Client({ connectionString: server.url });
      await before.connect();
      await before.query("ALTER TABLE schema_migration DROP COLUMN kind");
      await before.end();
      expect(await said(), "of an earlier release").to.match(/run migrate/);
      await server.kill("SIGSTOP");
      expect(await said(), "a frozen database").to.equal("current");
      await server.kill("SIGCONT");
    } finally {
      await database.close();
      await server.stop();
    }
  });

  it("passes while the database cannot be reached", async () => {
    const { log } = recordingLogger();
    const url = `postgres://nobody@127.0.0.1:${await freePort()}/d`;
    const database = openDatabase({ dialect: "postgres", url }, { log });
    await schemaIsCurrent(database, [migration("0001_a.sql")], log)();
    await database.close();
  });
});

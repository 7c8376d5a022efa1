import { expect } from "chai";
import { ask, chosenDialect, type DatabaseServer } from "./database.ts";
import { ownDatabase } from "./test-servers.ts";

describe("The database of a test", function () {
  this.timeout(60_000);
  let server: DatabaseServer;
  before(async () => {
    server = await ownDatabase();
    await ask(server.url, "CREATE TABLE kept (n INT)");
    await ask(server.url, "INSERT INTO kept VALUES (7)");
  });
  after(() => server?.stop());

  const kept = () => ask<{ n: number }>(server.url, "SELECT n FROM kept");

  it("is of the dialect that was asked for", () => {
    expect(server.dialect).to.equal(chosenDialect());
  });

  it("refuses while it is killed, and has its data when it is back", async () => {
    await server.kill("SIGKILL");
    const refused = await kept().then(
      () => "answered",
      () => "refused",
    );
    expect(refused).to.equal("refused");
    await server.start();
    expect(await kept()).to.deep.equal([{ n: 7 }]);
  });

  it("freezes, and goes on with what was asked meanwhile", async () => {
    server.signal("SIGSTOP");
    let answered = false;
    const answer = kept().finally(() => {
      answered = true;
    });
    // Its time to answer, had it not been frozen; a slow machine can only hide a fault, not make one.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).to.equal(false);
    server.signal("SIGCONT");
    expect(await answer).to.deep.equal([{ n: 7 }]);
  });

  it("gives databases apart from each other", async () => {
    const other = await server.createDatabase("other");
    await ask(other, "CREATE TABLE kept (n INT)");
    expect(await ask(other, "SELECT n FROM kept")).to.deep.equal([]);
    expect(await kept()).to.deep.equal([{ n: 7 }]);
  });
});

describe("DATABASE", () => {
  it("chooses PostgreSQL unless told otherwise, and says what it does not know or lacks", () => {
    expect(chosenDialect({})).to.equal("postgres");
    expect(chosenDialect({ DATABASE: "sqlserver", SQLSERVER_URL: "sqlserver://h/d" })).to.equal("sqlserver");
    expect(() => chosenDialect({ DATABASE: "sqlserver" })).to.throw(/needs SQLSERVER_URL=sqlserver:/);
    expect(() => chosenDialect({ DATABASE: "oracle" })).to.throw(
      /oracle is not known; there are postgres and/,
    );
  });
});

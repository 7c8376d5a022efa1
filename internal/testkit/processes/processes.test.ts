import { expect } from "chai";
import { environmentOf, type ProcessName, refuseIgnored } from "./processes.ts";
import { processSchemas } from "./schemas.ts";

const SURROUNDINGS = {
  redisUrl: "ours",
  databaseUrl: "ours",
  amqpUrl: "ours",
  internalTokenSecret: "ours",
  sessionSecret: "ours",
  jwksFile: "ours",
};
const URLS = { port: 1, adminPort: 2, cart: "ours", catalog: "ours" };
/** What make up reads itself, or sets to the loopback interface and free ports. */
const TAKEN = ["PORT", "HOST", "ADMIN_PORT", "DATABASE_URL", "AMQP_URL"];

describe("A setting in the environment of make up", () => {
  for (const name of ["catalog-stub", "cart", "outbox-relay", "gateway"] satisfies ProcessName[])
    it(`that ${name} knows reaches it, or is refused: none is ignored in silence`, async () => {
      const { shape } = (await processSchemas()).get(name)!;
      const ignored = Object.keys(shape).filter((variable) => {
        const user = { [variable]: "the user's" };
        const passed = environmentOf(name, SURROUNDINGS, URLS, user)[variable] === "the user's";
        return !passed && !TAKEN.includes(variable) && !refused(user);
      });
      expect(ignored).to.deep.equal([]);
    });

  it("makes no process listen beyond this machine, with its admin port neither", () => {
    for (const name of ["catalog-stub", "cart", "outbox-relay", "gateway"] satisfies ProcessName[])
      expect(environmentOf(name, SURROUNDINGS, URLS, { HOST: "0.0.0.0" }).HOST, name).to.equal("127.0.0.1");
  });

  it("is refused by name where make up runs what it would point at", () => {
    expect(() => refuseIgnored({ REDIS_URL: "redis://h", JWT_JWKS_FILE: "/f", PATH: "/bin" })).to.throw(
      "make up runs what REDIS_URL, JWT_JWKS_FILE would name itself",
    );
  });

  function refused(user: NodeJS.ProcessEnv): boolean {
    try {
      refuseIgnored(user);
      return false;
    } catch {
      return true;
    }
  }
});

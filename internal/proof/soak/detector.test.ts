import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { watch } from "../../testkit/guard.ts";
import { endProcess, spawnLogged } from "../../testkit/servers/child.ts";
import { logDir } from "../../testkit/servers/test-servers.ts";
import { request } from "../../testkit/shopper.ts";
import { INSPECT } from "./inspector.ts";
import { createSamples, type Finding } from "./measures.ts";
import { watchProcess } from "./watched-process.ts";

const LEAKY = fileURLToPath(new URL("./leaky.ts", import.meta.url));
const ROUNDS = 12;
const REQUESTS_A_ROUND = 10;

describe("The leak detector, on a real process", function () {
  this.timeout(60_000);
  let dir: string;
  before(() => {
    dir = logDir("leaky");
  });

  /** What is found in a process that leaks `what` with each request, looked at after every tenth. */
  async function findingsOn(what: string): Promise<Finding[]> {
    const logFile = join(dir, what);
    const leaky = spawnLogged(process.execPath, [INSPECT, LEAKY, what], { logFile, onSpawn: watch });
    try {
      const port = await eventually(
        "it listens",
        () => readFileSync(logFile, "utf8").match(/listening on (\d+)$/m)?.[1],
      );
      const watched = await watchProcess(what, { pid: leaky.pid, logFile });
      const samples = createSamples();
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < REQUESTS_A_ROUND; i++) {
          expect((await request(`http://127.0.0.1:${port}`, "GET", "/")).status).to.equal(200);
        }
        samples.record(what, round, watched.lookOutside());
        samples.record(what, round, await watched.lookInside());
      }
      watched.close();
      return samples.judge();
    } finally {
      await endProcess(leaky, "SIGKILL");
    }
  }
  const blamed = (findings: Finding[]) => findings.filter(({ leaks }) => leaks).map(({ measure }) => measure);

  it("acquits one that leaks nothing, having looked at everything", async () => {
    const findings = await findingsOn("nothing");
    expect(findings.map(({ measure }) => measure)).to.have.members([
      "rss",
      "threads",
      "files",
      "sockets",
      "heap",
      "timers",
      "listeners",
      "most listeners",
    ]);
    expect(findings.every(({ samples, last }) => samples === ROUNDS && last > 0)).to.equal(true);
    expect(blamed(findings)).to.deep.equal([]);
  });
  it("catches memory that is kept", async () => {
    expect(blamed(await findingsOn("heap"))).to.include("heap");
  });
  it("catches timers that pile up, also those that keep no process alive", async () => {
    expect(blamed(await findingsOn("timers"))).to.deep.equal(["timers"]);
  });
  it("catches sockets that stay open", async () => {
    expect(blamed(await findingsOn("sockets"))).to.include.members(["sockets", "files"]);
  });
  it("catches listeners that are never removed", async () => {
    expect(blamed(await findingsOn("listeners"))).to.deep.equal(["listeners", "most listeners"]);
  });
});

import { expect } from "chai";
import { createPatience } from "./patience.ts";

const WAIT = { saying: "waiting for a rival", late: "the rival was not done", pauseMs: 1 };

describe("patience", () => {
  it("tries until it succeeds, and says once that it waits", async () => {
    const said: string[] = [];
    let tries = 0;
    await createPatience(60_000, (line) => said.push(line)).until(async () => ++tries === 4, WAIT);
    expect([tries, said]).to.deep.equal([4, ["waiting for a rival"]]);
  });

  it("says nothing when there is nothing to wait for, and tries once even when time is up", async () => {
    const said: string[] = [];
    await createPatience(0, (line) => said.push(line)).until(async () => true, WAIT);
    expect(said).to.deep.equal([]);
  });

  it("ends when time is up, of all its waits together", async () => {
    const patience = createPatience(20);
    for (const pauseMs of [1, 60_000]) {
      const fault = await patience
        .until(async () => false, { ...WAIT, pauseMs })
        .catch((error: Error) => error.message);
      expect(fault).to.equal("the rival was not done within 20 ms");
    }
  });
});

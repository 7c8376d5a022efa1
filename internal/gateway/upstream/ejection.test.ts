import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { createEjection, type Ejection, MOST_FAILURES } from "./ejection.ts";

describe("An address that does not answer", () => {
  let ejection: Ejection;
  let answers: boolean;
  let probes: number;
  let changes: boolean[];
  beforeEach(() => {
    answers = false;
    probes = 0;
    changes = [];
    ejection = createEjection({
      probe: async () => {
        probes++;
        return answers;
      },
      onChange: () => changes.push(ejection.isEjected()),
      probeEveryMs: 5,
    });
  });
  afterEach(() => ejection.stop());

  const fail = (times: number) => {
    for (let i = 0; i < times; i++) ejection.failed();
  };

  it("is ejected after three failures in a row", () => {
    fail(MOST_FAILURES - 1);
    expect(ejection.isEjected()).to.equal(false);
    ejection.failed();
    expect(ejection.isEjected()).to.equal(true);
    expect(changes).to.deep.equal([true]);
  });

  it("is not ejected while it answers in between", () => {
    for (let i = 0; i < 10; i++) {
      fail(MOST_FAILURES - 1);
      ejection.answered();
    }
    expect(changes).to.deep.equal([]);
  });

  it("is tried until it answers, and only then used again", async () => {
    fail(MOST_FAILURES);
    await eventually("it was tried", () => probes >= 2);
    expect(ejection.isEjected()).to.equal(true);
    answers = true;
    await eventually("it is back", () => !ejection.isEjected());
    expect(changes).to.deep.equal([true, false]);
    fail(MOST_FAILURES - 1);
    expect(ejection.isEjected(), "its failures are forgotten").to.equal(false);
  });

  it("is not brought back by a late answer to an old request", () => {
    fail(MOST_FAILURES);
    ejection.answered();
    expect(ejection.isEjected()).to.equal(true);
  });
});

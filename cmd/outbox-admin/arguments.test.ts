import { expect } from "chai";
import { parseCommand } from "./arguments.ts";

const ID = "01a21269-c6ee-729c-a6c8-b2725383890c";
const selectorOf = (...args: string[]) => {
  const parsed = parseCommand(["replay", ...args]);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
const faultOf = (...args: string[]) => {
  const parsed = parseCommand(args);
  return parsed.ok ? null : parsed.error;
};

describe("outbox-admin's command line", () => {
  it("takes ids as words or options, in any case, and all as a word or an option", () => {
    expect(selectorOf(ID.toUpperCase())).to.deep.equal({
      name: "replay",
      selector: { ids: [ID] },
      dryRun: false,
    });
    expect(selectorOf(`--id=${ID}`, "--dry-run")).to.deep.include({ selector: { ids: [ID] }, dryRun: true });
    for (const all of ["all", "--all"]) expect(selectorOf(all)).to.deep.include({ selector: { all: true } });
  });

  it("takes subject, type, text of the error and a time", () => {
    const { selector } = selectorOf(
      "--subject=c1",
      "--type=cart.updated",
      "--error=too large",
      "--before=2026-11-25T12:00:00Z",
    ) as { selector: object };
    expect(selector).to.deep.equal({
      subject: "c1",
      type: "cart.updated",
      errorContains: "too large",
      before: Date.UTC(2026, 10, 25, 12),
    });
  });

  it("names what is wrong, and takes nothing given for no selection", () => {
    expect(faultOf("replay", "nonsense")).to.match(/^--id: must be an event id/);
    expect(faultOf("replay", "--before=yesterday")).to.match(/^--before: must be a time such as/);
    expect(faultOf("replay", "--subject=")).to.match(/^--subject: must not be empty/);
    expect(faultOf("replay", "--dry-run")).to.match(/say which events, or --all/);
    expect(faultOf("replay", "--nope")).to.match(/usage:/);
    for (const args of [[], ["replay"], ["list", "more"], ["drop"]])
      expect(faultOf(...args)).to.match(/^usage:/);
  });
});

import { readFileSync } from "node:fs";
import { expect } from "chai";

/** Instructions of the Dockerfile's last stage, which is the image, each in one line. */
function lastStage(): string[] {
  const text = readFileSync(new URL("../../../Dockerfile", import.meta.url), "utf8");
  const lines = text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n");
  return lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
}

describe("The image", () => {
  const instruction = (name: string) => lastStage().find((line) => line.startsWith(`${name} `)) ?? "";

  it("says what it is, where its source lies and of which revision it is", () => {
    const labels = [...instruction("LABEL").matchAll(/org\.opencontainers\.image\.(\w+)="([^"]+)"/g)];
    expect(labels.map(([, name]) => name)).to.have.members([
      "title",
      "description",
      "url",
      "source",
      "licenses",
      "version",
      "revision",
    ]);
    const values = new Map(labels.map(([, name, value]) => [name, value]));
    expect(values.get("revision")).to.equal("$" + "{REVISION}");
    expect(lastStage()).to.include("ARG REVISION=unknown");
  });

  it("runs Node itself, without a shell, as a user that no host has", () => {
    const [, user, group] = /^USER (\d+):(\d+)$/.exec(instruction("USER")) ?? [];
    expect(Number(user)).to.be.at.least(10_000);
    expect(Number(group)).to.be.at.least(10_000);
    expect(instruction("ENTRYPOINT")).to.equal('ENTRYPOINT ["node", "cmd/run.ts"]');
  });
});

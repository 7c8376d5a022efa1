import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { endWatchedAtSignals } from "../../testkit/guard.ts";
import { chosenDialect } from "../../testkit/servers/database.ts";
import { stopServers } from "../../testkit/servers/test-servers.ts";
import { aboutRun } from "./about.ts";
import { type Figure, judge } from "./figure.ts";
import { PROFILES } from "./profile.ts";
import { HEADING, lineOf } from "./report.ts";
import { beginScene, scenes, usualScenes } from "./scenes.ts";
import { openStage } from "./stage.ts";

/*
 * make bench, make bench-quick; ONLY=cart,relay chooses scenes. With DATABASE=sqlserver on the server
 * of SQLSERVER_URL; the bounds, found on PostgreSQL, are then printed and not judged.
 */

const profile = PROFILES[process.argv[2] === "quick" ? "quick" : "full"];
const wanted = process.env.ONLY?.split(",") ?? usualScenes;
const unknown = wanted.filter((name) => !(name in scenes));
if (unknown.length > 0) {
  console.error(
    `ONLY=${unknown.join(",")}: there is no such scene; choose of ${Object.keys(scenes).join(",")}`,
  );
  process.exit(2);
}
endWatchedAtSignals();

const began = Date.now();
const figures: Figure[] = [];
let about: Awaited<ReturnType<typeof aboutRun>>;
try {
  console.log(`  starting Redis, a database (${chosenDialect()}) and RabbitMQ for the ${profile.name} run`);
  const stage = await openStage();
  about = await aboutRun(stage);
  console.log(`    ${HEADING}`);
  for (const name of wanted) {
    await beginScene(stage);
    const measured = await scenes[name]!(stage, profile);
    if (measured.length === 0) console.log(`  - ${name}: needs PostgreSQL, not measured`);
    for (const figure of measured) {
      figures.push(figure);
      console.log(`  ${lineOf(figure)}`);
    }
  }
} finally {
  await stopServers();
}

const at = new Date(began).toISOString();
const results = figures.map((figure) => ({ ...figure, ...judge(figure) }));
const dir = fileURLToPath(new URL("../../../.run/bench/", import.meta.url));
mkdirSync(dir, { recursive: true });
const file = `${dir}${at.replaceAll(":", "-").slice(0, 19)}-${profile.name}.json`;
writeFileSync(file, `${JSON.stringify({ at, profile, ...about, results }, null, 2)}\n`);
const judged = results.filter((result) => result.met !== null);
const missed = judged.filter((result) => !result.met);
console.log(
  `  ${judged.length - missed.length} of ${judged.length} bounds met in ${Math.round((Date.now() - began) / 1000)} s`,
);
console.log(`  absolute numbers are of this machine only: ${JSON.stringify(about.machine)}`);
console.log(
  `  with ${Object.entries(about.versions)
    .map((each) => each.join(" "))
    .join(", ")}`,
);
console.log(`  written to ${file}`);
process.exit(missed.length > 0 && profile.name === "full" && chosenDialect() === "postgres" ? 1 : 0);

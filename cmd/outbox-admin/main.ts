import { writeFileSync } from "node:fs";
import { listDead } from "../../internal/outbox/store/dead.ts";
import { replaySelected } from "../../internal/outbox/store/replay.ts";
import { endOnBrokenPipe } from "../../internal/platform/lifecycle/broken-pipe.ts";
import { redactText } from "../../internal/platform/logger/redact.ts";
import { openDeadEvents } from "./adapters.ts";
import { parseCommand } from "./arguments.ts";
import { readConfig } from "./config.ts";

endOnBrokenPipe();
const config = readConfig();
const command = parseCommand(process.argv.slice(2));
const say = (line: string) => process.stdout.write(`${line}\n`);
const fail = (line: string, exitCode: number) => {
  process.stderr.write(`${line}\n`);
  if (config.RESULT_FILE !== undefined) writeFileSync(config.RESULT_FILE, line);
  process.exitCode = exitCode;
};
const { dead, close } = openDeadEvents(config);
let result: Awaited<ReturnType<typeof replaySelected>> | null = null;
try {
  if (!command.ok) fail(command.error, 64);
  else if (command.value.name === "list") await listDead(dead, say);
  else {
    const { selector, dryRun } = command.value;
    result = await replaySelected(dead, selector, { dryRun });
    say(dryRun ? `${result.matched} would be made pending again` : `${result.replayed} made pending again`);
  }
} catch (error) {
  fail(`the database refused or does not answer: ${redactText((error as Error).message)}`, 1);
} finally {
  await close();
}
if (result !== null && config.RESULT_FILE !== undefined)
  writeFileSync(config.RESULT_FILE, JSON.stringify(result));

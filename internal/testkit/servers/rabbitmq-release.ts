import { existsSync, globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { debian13 } from "./debian13.ts";

/** A RabbitMQ that can be started. */
export interface RabbitRelease {
  /** 3 stands for Debian 12's 3.10, 4 for 4.0 and later. */
  readonly major: 3 | 4;
  /** The command that runs the broker whose files lie in `dir`, or another program for it. */
  command(dir: string, program?: "rabbitmqctl"): readonly [command: string, ...args: string[]];
}

const PROGRAMS = "/usr/lib/rabbitmq/bin";
const OWN = `${PROGRAMS}/rabbitmq-server`;
const IN_TREE = fileURLToPath(new URL("./in-tree.sh", import.meta.url));

/**
 * The RabbitMQ to start: the machine's own, or for `RABBITMQ=4` in the environment a
 * 4: the machine's own where that is one, else Debian 13's in a tree of its own.
 */
export function rabbitRelease(asked: string | undefined = process.env.RABBITMQ): RabbitRelease {
  if (asked !== undefined && asked !== "" && asked !== "4")
    throw new Error(`RABBITMQ=${asked} is not known; 4 asks for RabbitMQ 4, nothing for the machine's own`);
  const own = ownMajor();
  if (asked !== "4" || own === 4) {
    if (own === null) throw new Error("RabbitMQ is not installed: apt-get install rabbitmq-server");
    return { major: own, command: (_dir, program) => [pathOf(program)] };
  }
  const tree = debian13();
  return { major: 4, command: (dir, program) => [IN_TREE, tree, dir, pathOf(program)] };
}

const pathOf = (program = "rabbitmq-server") => `${PROGRAMS}/${program}`;

function ownMajor(): 3 | 4 | null {
  if (!existsSync(OWN)) return null;
  const [found] = globSync("/usr/lib/rabbitmq/lib/rabbitmq_server-*");
  return /rabbitmq_server-[0-3]\./.test(found ?? "") ? 3 : 4;
}

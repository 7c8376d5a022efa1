import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./check/history.ts";
import type { Random } from "./check/operations.ts";
import type { Stage, Target } from "./stage.ts";

/** One thing that can go wrong; `on` is what it happens to, so that nothing is hit twice at a time. */
interface Mischief {
  readonly kind: string;
  readonly on: string;
  strike(random: Random): Promise<void>;
}

const between = (random: Random, least: number, most: number) => least + random(most - least + 1);

/** All mischief that a stage is open to. */
function mischiefOn(stage: Stage): Mischief[] {
  const targets = stage.targets.flatMap((target, index) => {
    const on = `${target.name} ${index}`;
    return Object.entries(ON_TARGETS).map(([how, strike]) => ({
      kind: `${target.name} ${how}`,
      on,
      strike: (random: Random) => strike(target, random),
    }));
  });
  const gates = [...stage.gates].flatMap(([name, gate]) => {
    const kind = name.replaceAll(/-\d/g, "");
    return [
      {
        kind: `${kind} cut`,
        on: name,
        strike: async (random: Random) => {
          gate.shut();
          await delay(between(random, 50, 2_000));
          gate.open();
        },
      },
      {
        kind: `${kind} delayed`,
        on: name,
        strike: async (random: Random) => {
          gate.delay(between(random, 5, 300));
          await delay(between(random, 500, 4_000));
          gate.delay(0);
        },
      },
      {
        kind: `${kind} frozen`,
        on: name,
        strike: async (random: Random) => {
          gate.freeze();
          await delay(between(random, 200, 4_000));
          gate.thaw();
        },
      },
    ];
  });
  return [...targets, ...gates];
}

const ON_TARGETS: Readonly<Record<string, (target: Target, random: Random) => Promise<void>>> = {
  "killed -9": async (target, random) => {
    await target.kill("SIGKILL");
    await delay(between(random, 0, 1_500));
    await target.start();
  },
  restarted: async (target) => {
    await target.kill(target.endsBy);
    await target.start();
  },
  frozen: async (target, random) => {
    target.signal("SIGSTOP");
    await delay(between(random, 200, 4_000));
    target.signal("SIGCONT");
  },
  slowed: async (target, random) => {
    const until = Date.now() + between(random, 1_000, 4_000);
    while (Date.now() < until) {
      target.signal("SIGSTOP");
      await delay(40);
      target.signal("SIGCONT");
      await delay(20);
    }
  },
};

/**
 * Does one or two things at a time, chosen by the seed, until `until` (epoch
 * ms); resolves with what it did once all is healed. Each kind on each target
 * comes once before any comes again, so that a long run leaves nothing out.
 */
export async function unleash(
  stage: Stage,
  random: Random,
  until: number,
  say: (line: string) => void,
): Promise<Fault[]> {
  const all = mischiefOn(stage);
  const faults: Fault[] = [];
  const busy = new Set<string>();
  let bag: Mischief[] = [];
  const next = () => {
    if (bag.length === 0) bag = shuffled(all, random);
    const index = bag.findIndex(({ on }) => !busy.has(on));
    return index < 0 ? undefined : bag.splice(index, 1)[0];
  };
  const hand = async () => {
    while (Date.now() < until) {
      await delay(between(random, 100, 1_000));
      const mischief = next();
      if (!mischief) continue;
      const from = Date.now();
      busy.add(mischief.on);
      say(mischief.kind);
      await mischief.strike(random);
      busy.delete(mischief.on);
      faults.push({ kind: mischief.kind, from, to: Date.now() });
    }
  };
  await Promise.all([hand(), hand()]);
  return faults;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random(left.length), 1)[0]!);
}

import type { Inspector } from "./inspector.ts";

/** What a Node process holds after its garbage was collected. */
export interface Inside {
  /** The JavaScript heap and what hangs on it outside (buffers), in bytes. */
  readonly heap: number;
  /** Timers that wait, those that do not keep the process alive included. */
  readonly timers: number;
  /** Listeners on all event emitters and event targets together. */
  readonly listeners: number;
  /** Most listeners for one event of one object, and whose they are. */
  readonly mostListeners: number;
  readonly mostListenersOn: string;
}

const GROUP = "soak";

/*
 * These run inside the process that is looked at, on the array of all living objects of a kind. They
 * see properties that Node does not document; the tests find out when a later Node has renamed them.
 */

const TIMERS = `function () { return this.filter((timer) => Object.hasOwn(timer, "_destroyed") && !timer._destroyed).length; }`;

const EMITTER_LISTENERS = `function () {
  let all = 0, most = 0, on = "nothing";
  for (const emitter of this) {
    const events = Object.hasOwn(emitter, "_events") ? emitter._events : null;
    if (!events) continue;
    for (const event of Reflect.ownKeys(events)) {
      const count = Array.isArray(events[event]) ? events[event].length : 1;
      all += count;
      if (count > most) { most = count; on = emitter.constructor?.name + " " + String(event); }
    }
  }
  return { all, most, on };
}`;

const TARGET_LISTENERS = `function () {
  let all = 0, most = 0, on = "nothing";
  for (const target of this) {
    const symbol = Object.getOwnPropertySymbols(target).find(({ description }) => description === "kEvents");
    const events = symbol && target[symbol];
    if (!(events instanceof Map)) continue;
    for (const [event, { size }] of events) {
      all += size;
      if (size > most) { most = size; on = target.constructor?.name + " " + String(event); }
    }
  }
  return { all, most, on };
}`;

interface Count {
  readonly all: number;
  readonly most: number;
  readonly on: string;
}

/** Looks into a process, which stands still meanwhile: about 0.1 s, longer with a large heap. */
export async function lookInside(inspector: Inspector): Promise<Inside> {
  const timers = await ofAll<number>(
    inspector,
    "Object.getPrototypeOf(setTimeout(() => {}).unref())",
    TIMERS,
  );
  const emitters = await ofAll<Count>(
    inspector,
    `process.getBuiltinModule("node:events").prototype`,
    EMITTER_LISTENERS,
  );
  const targets = await ofAll<Count>(inspector, "EventTarget.prototype", TARGET_LISTENERS);
  await inspector.send("Runtime.releaseObjectGroup", { objectGroup: GROUP });
  await inspector.send("HeapProfiler.collectGarbage");
  const heap = await evaluate<number>(
    inspector,
    "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())",
  );
  const most = emitters.most >= targets.most ? emitters : targets;
  return {
    heap,
    timers,
    listeners: emitters.all + targets.all,
    mostListeners: most.most,
    mostListenersOn: most.on,
  };
}

/**
 * Calls a function of the inspected process on the array of
 * all objects with that prototype; collects garbage first.
 */
async function ofAll<T>(inspector: Inspector, prototype: string, count: string): Promise<T> {
  const { result } = await inspector.send<{ result: Remote }>("Runtime.evaluate", {
    expression: prototype,
    objectGroup: GROUP,
  });
  const { objects } = await inspector.send<{ objects: Remote }>("Runtime.queryObjects", {
    prototypeObjectId: result.objectId,
    objectGroup: GROUP,
  });
  return resultOf<T>(
    await inspector.send("Runtime.callFunctionOn", {
      objectId: objects.objectId,
      functionDeclaration: count,
      returnByValue: true,
    }),
  );
}

async function evaluate<T>(inspector: Inspector, expression: string): Promise<T> {
  return resultOf<T>(await inspector.send("Runtime.evaluate", { expression, returnByValue: true }));
}

interface Remote {
  readonly objectId?: string;
  readonly value?: unknown;
}

function resultOf<T>(answer: { result: Remote; exceptionDetails?: { text: string } }): T {
  if (answer.exceptionDetails) throw new Error(`looking inside failed: ${answer.exceptionDetails.text}`);
  return answer.result.value as T;
}

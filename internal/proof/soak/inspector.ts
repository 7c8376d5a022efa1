import { readFileSync } from "node:fs";
import { eventually } from "../../testkit/eventually.ts";

/** With this flag a Node process can be looked into; its log says on which port. */
export const INSPECT = "--inspect=127.0.0.1:0";

/** One connection to a Node process's inspector. */
export interface Inspector {
  /** Sends a command of the DevTools protocol; rejects when it fails, or when the process is gone. */
  send<T>(method: string, params?: object): Promise<T>;
  close(): void;
}

/** Connects to the inspector of the process that writes this log and was started with {@link INSPECT}. */
export async function openInspector(logFile: string): Promise<Inspector> {
  const url = await eventually(
    "the inspector's address is in the log",
    () => readFileSync(logFile, "utf8").match(/^Debugger listening on (ws:\/\/\S+)$/m)?.[1],
  );
  const socket = new WebSocket(url);
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let gone: Error | undefined;
  let lastId = 0;
  const end = (why: string) => {
    gone ??= new Error(why);
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
  };
  socket.addEventListener("close", () => end("the process or its inspector is gone"));
  socket.addEventListener("message", ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    const asker = waiting.get(answer.id ?? 0);
    if (!asker) return;
    waiting.delete(answer.id!);
    if (answer.error) asker.reject(new Error(answer.error.message));
    else asker.resolve(answer.result);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the inspector refused the connection")));
  });
  return {
    send: <T>(method: string, params: object = {}) =>
      new Promise<T>((resolve, reject) => {
        if (gone) return reject(gone);
        const id = ++lastId;
        waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

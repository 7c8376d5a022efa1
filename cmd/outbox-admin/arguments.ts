import { parseArgs } from "node:util";
import { z } from "zod";
import type { ReplaySelector } from "../../internal/outbox/store/replay.ts";
import { err, ok, type Result } from "../../internal/platform/result/result.ts";

export const USAGE = `usage: outbox-admin list            dead events, oldest first
       outbox-admin replay ID...    make these pending again
       outbox-admin replay all      make every dead event pending again
       outbox-admin replay [--id=ID]... [--subject=ID] [--type=TYPE] [--error=TEXT] [--before=TIME] [--all] [--dry-run]
                                    those to which everything given applies`;

export type Command =
  | { readonly name: "list" }
  | { readonly name: "replay"; readonly selector: ReplaySelector; readonly dryRun: boolean };

const text = z.string().min(1, "must not be empty").max(500, "must be at most 500 characters long");
const replay = z.strictObject({
  id: z.array(z.guid("must be an event id; list them with: outbox-admin list")).max(10_000),
  subject: text.optional(),
  type: text.optional(),
  error: text.optional(),
  before: z.iso
    .datetime({ offset: true, error: "must be a time such as 2026-11-25T12:00:00Z" })
    .transform(Date.parse)
    .optional(),
  all: z.boolean(),
  "dry-run": z.boolean(),
});

/**
 * What the command line asks for, or a sentence about what is
 * wrong with it. Nothing given is not everything: `--all` is.
 */
export function parseCommand(args: readonly string[]): Result<Command, string> {
  const [name, ...rest] = args;
  if (name === "list" && rest.length === 0) return ok({ name });
  if (name !== "replay" || rest.length === 0) return err(USAGE);
  const words = split(rest);
  if (!words.ok) return words;
  const parsed = replay.safeParse(words.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return err(`--${String(issue?.path[0])}: ${issue?.message}`);
  }
  const { id, subject, type, error, before, all } = parsed.data;
  const selector: ReplaySelector = {
    ...(id.length > 0 && { ids: id.map((each) => each.toLowerCase()) }),
    ...(subject !== undefined && { subject }),
    ...(type !== undefined && { type }),
    ...(error !== undefined && { errorContains: error }),
    ...(before !== undefined && { before }),
    ...(all && { all }),
  };
  if (Object.keys(selector).length === 0) return err("say which events, or --all");
  return ok({ name, selector, dryRun: parsed.data["dry-run"] });
}

function split(args: readonly string[]): Result<Record<string, unknown>, string> {
  const one = { type: "string" } as const;
  const many = { type: "string", multiple: true, default: [] as string[] } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = { id: many, subject: one, type: one, error: one, before: one, all: flag, "dry-run": flag };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const everything = positionals.length === 1 && positionals[0] === "all";
    return ok({
      ...values,
      id: everything ? values.id : [...values.id, ...positionals],
      all: values.all || everything,
    });
  } catch (error) {
    return err(`${(error as Error).message}\n${USAGE}`);
  }
}

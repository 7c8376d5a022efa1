/** An excerpt of babel's NodePath; Stryker hands one over for each node it might mutate. */
interface Path {
  readonly node: {
    readonly type: string;
    readonly callee?: { readonly object?: { readonly name?: string } };
    readonly key?: { readonly name?: string };
  };
}

/** An excerpt of Stryker's report. */
interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number } };
}

/** Stryker leaves alone what only people read: log lines and the help texts of metrics. */
const peopleOnly = {
  shouldIgnore({ node }: Path): string | undefined {
    if (node.type === "CallExpression" && node.callee?.object?.name === "log") return "a log line";
    return node.type === "ObjectProperty" && node.key?.name === "help" ? "a help text" : undefined;
  },
};

/** Prints each survivor on two lines; Stryker's own list shows what no test covers among them. */
class Survivors {
  onMutationTestReportReady({ files }: Report): void {
    for (const [file, { source, mutants }] of Object.entries(files)) {
      const lines = source.split("\n");
      for (const { status, mutatorName, replacement = "", location } of mutants) {
        if (status !== "Survived") continue;
        const { line } = location.start;
        process.stdout.write(`${file}:${line}  ${lines[line - 1]!.trim()}\n`);
        process.stdout.write(`    ${mutatorName}: ${replacement.replace(/\s+/g, " ")}\n`);
      }
    }
  }
}

export const strykerPlugins = [
  { kind: "Ignore", name: "people-only", value: peopleOnly },
  { kind: "Reporter", name: "survivors", injectableClass: Survivors },
];

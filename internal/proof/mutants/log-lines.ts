/** An excerpt of babel's NodePath; Stryker hands one over for each node it might mutate. */
interface Path {
  readonly node: {
    readonly type: string;
    readonly callee?: { readonly object?: { readonly name?: string } };
    readonly key?: { readonly name?: string };
  };
}

/** Stryker leaves alone what only people read: log lines and the help texts of metrics. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "log-lines",
    value: {
      shouldIgnore({ node }: Path): string | undefined {
        if (node.type === "CallExpression" && node.callee?.object?.name === "log") return "a log line";
        return node.type === "ObjectProperty" && node.key?.name === "help" ? "a help text" : undefined;
      },
    },
  },
];

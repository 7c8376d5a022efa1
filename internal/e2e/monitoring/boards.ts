import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../charts/cartwright/files/dashboards/", import.meta.url);

/** As far as a board is looked at here; Grafana's dashboard JSON, schema version 39. */
export interface Board {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
}

/** Every board of the chart. */
export function boards(): Board[] {
  const files = readdirSync(FOLDER).sort();
  return files.map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) }));
}

/** Every query of every board, with Grafana's variables set as it would, over a range of a minute. */
export function queries(all: readonly Board[]): { where: string; expression: string }[] {
  return all.flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      panel.targets.map(({ expr }) => ({
        where: `${title}, ${panel.title}`,
        expression: withVariables(expr),
      })),
    ),
  );
}

function withVariables(expression: string): string {
  return expression
    .replaceAll("$__rate_interval", "10s")
    .replaceAll("$__range", "1m")
    .replaceAll("$namespace", ".*");
}

/** Names of the metrics in an expression: identifiers outside of strings that are followed by a selector. */
export function metricsIn(expression: string): string[] {
  const names = expression.replace(/"[^"]*"/g, '""').matchAll(/([a-zA-Z_:][\w:]*)\s*\{/g);
  return [...names].map(([, name]) => name!);
}

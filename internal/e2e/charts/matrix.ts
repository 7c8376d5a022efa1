/** One way to set the chart's values: a name, and what `--set` takes. */
export interface Choice {
  readonly name: string;
  readonly set: readonly string[];
}

const DATABASES: readonly Choice[] = [
  { name: "postgres", set: ["database.kind=postgres"] },
  { name: "sqlserver", set: ["database.kind=sqlserver", "sqlserver.acceptEula=true"] },
  {
    name: "database by url",
    set: [
      "database.kind=postgres",
      "database.external.url=postgres://a:b@c:5432/d",
      "database.external.appRole=app",
      "database.external.caSecret=ca",
    ],
  },
  {
    name: "database by secret",
    set: ["database.kind=sqlserver", "database.external.existingSecret=sql"],
  },
];
const server = (part: string, url: string): readonly Choice[] => [
  { name: `own ${part}`, set: [] },
  { name: `${part} by url`, set: [`${part}.external.url=${url}`] },
  {
    name: `${part} by secret`,
    set: [`${part}.external.existingSecret=theirs`, `${part}.external.caSecret=ca`, `${part}.enabled=false`],
  },
];
const CATALOGS: readonly Choice[] = [
  { name: "own catalog", set: [] },
  { name: "catalog by url", set: ["catalog-stub.url=https://catalog.example"] },
];
/** What may be on or off beside any choice of servers; taken by turns, so that each meets each server. */
const SWITCHES: readonly Choice[] = [
  { name: "no policies", set: ["networkPolicy.enabled=false"] },
  { name: "no operator", set: ["operator.enabled=false"] },
  {
    name: "scraped",
    set: ["monitoring.serviceMonitor.enabled=true", "monitoring.serviceMonitor.labels.release=x"],
  },
  { name: "watched", set: ["monitoring.dashboards.enabled=true", "monitoring.rules.enabled=true"] },
  { name: "traced", set: ["telemetry.endpoint=http://collector.monitoring:4318"] },
  { name: "autoscaled", set: ["gateway.autoscaling.enabled=true", "cart.autoscaling.enabled=true"] },
  { name: "Ingress", set: ["gateway.ingress.enabled=true", "gateway.ingress.className=nginx"] },
  { name: "HTTPRoute", set: ["gateway.httpRoute.enabled=true", "gateway.httpRoute.parentRefs[0].name=door"] },
  { name: "limits", set: ["gateway.rateLimits.owner=off", "gateway.rateLimits.session=5/10"] },
  {
    name: "own nodes and variables",
    set: [
      "migrate.nodeSelector.pool=jobs",
      "test.nodeSelector.pool=jobs",
      "cart.env.CART_MAX_LINES=20",
      "catalog-stub.envFromSecret.CATALOG_ADMIN_TOKEN.secret=admin",
      "catalog-stub.envFromSecret.CATALOG_ADMIN_TOKEN.key=token",
    ],
  },
  { name: "own Secret", set: ["credentials.existingSecret=mine"] },
  {
    name: "users",
    set: ["gateway.jwt.jwksUrl=https://a/k", "gateway.jwt.issuer=a", "gateway.jwt.audience=b"],
  },
];

/** Every choice of servers, each with some of the switches. */
export function matrix(): Choice[] {
  const servers = DATABASES.flatMap((database) =>
    server("redis", "redis://a:6379").flatMap((redis) =>
      server("rabbitmq", "amqp://a:5672").flatMap((rabbitmq) =>
        CATALOGS.map((catalog) => [database, redis, rabbitmq, catalog]),
      ),
    ),
  );
  return servers.map((choices, index) => {
    const switches = SWITCHES.filter((_, bit) => ((index * 37 + 11) >> bit) & 1);
    const all = [...choices, ...switches];
    return { name: all.map(({ name }) => name).join(", "), set: all.flatMap(({ set }) => set) };
  });
}

/** Every choice in at least one of few ways: for what does not depend on their mixture. */
export function eachChoiceOnce(): Choice[] {
  const servers = [
    DATABASES,
    server("redis", "redis://a:6379"),
    server("rabbitmq", "amqp://u:p@a"),
    CATALOGS,
  ];
  const most = Math.max(...servers.map((choices) => choices.length));
  return Array.from({ length: most }, (_, index) => {
    const chosen = servers.map((choices) => choices[index % choices.length]!);
    const all = [...chosen, ...SWITCHES.filter((_, at) => at % most === index)];
    return { name: all.map(({ name }) => name).join(", "), set: all.flatMap(({ set }) => set) };
  });
}

/**
 * The arrows of the architecture: cmd -> internal/<feature> -> internal/platform, drivers at the edge only.
 */
const TEST = "\\.(test|contract)\\.ts$|^internal/(e2e|testkit|proof)/";
const DRIVERS = "^node_modules/(ioredis|mssql|tedious|pg|rhea|rhea-promise|undici|@kubernetes/client-node)/";

module.exports = {
  forbidden: [
    {
      name: "features-do-not-import-each-other",
      comment: "A feature declares the port it needs; cmd/ wires the other feature in.",
      severity: "error",
      from: { path: "^internal/(?!platform/|e2e/|testkit/|proof/)([^/]+)/", pathNot: TEST },
      to: { path: "^internal/([^/]+)/", pathNot: ["^internal/$1/", "^internal/platform/"] },
    },
    {
      name: "platform-knows-no-feature",
      severity: "error",
      from: { path: "^internal/platform/", pathNot: TEST },
      to: { path: "^(cmd|internal)/", pathNot: "^internal/platform/" },
    },
    {
      name: "nothing-imports-cmd",
      severity: "error",
      from: { path: "^(internal|cmd)/", pathNot: `^cmd/|${TEST}` },
      to: { path: "^cmd/" },
    },
    {
      name: "processes-do-not-import-each-other",
      comment: "A file right under cmd/ is shared wiring, no process.",
      severity: "error",
      from: { path: "^cmd/([^/]+)/", pathNot: TEST },
      to: { path: "^cmd/", pathNot: ["^cmd/$1/", "^cmd/[^/]+\\.ts$"] },
    },
    {
      name: "the-product-does-not-import-tooling",
      severity: "error",
      from: { path: "^(cmd|internal)/", pathNot: TEST },
      to: { path: "^(scripts|internal/(testkit|e2e|proof))/" },
    },
    {
      name: "scripts-are-starters",
      comment: "What more than one script or test needs lives in internal/testkit or internal/proof.",
      severity: "error",
      from: { path: "^(cmd|internal)/" },
      to: { path: "^scripts/" },
    },
    {
      name: "drivers-at-the-edge",
      comment: "A driver is imported only by platform/ and by *.<technology>.ts adapters.",
      severity: "error",
      from: {
        path: "^(cmd|internal)/",
        pathNot: `^internal/platform/|\\.(redis|postgres|sqlserver|amqp|http|kube)\\.ts$|${TEST}`,
      },
      to: { path: DRIVERS },
    },
    {
      name: "the-chaos-checker-shares-no-code",
      comment: "What judges the product must not be wrong where the product is wrong.",
      severity: "error",
      from: { path: "^internal/proof/chaos/check/" },
      to: { path: "^(cmd|internal|scripts)/", pathNot: "^internal/proof/chaos/check/" },
    },
    {
      name: "the-chaos-witness-shares-no-code",
      severity: "error",
      from: { path: "^internal/proof/chaos/witness\\.ts$" },
      to: { path: "^(cmd|internal|scripts)/", pathNot: "^internal/proof/chaos/check/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    parser: "swc",
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
    exclude: {
      path: "^internal/proof/(bench/(outbox-peers|shops/(vendure|medusa))|mutants/node_modules)/|^node_modules/(?!ioredis|mssql|tedious|pg|rhea|undici|@kubernetes)",
    },
  },
};

import "./mocha-internals.ts";

process.env.NODE_OPTIONS = `--import=${new URL("./mocha-internals.ts", import.meta.url).href}`;

/*
 * make mutants; ONLY chooses files. Globs are relative to the root of the repository.
 * Stryker 10 cannot mutate `x!--`: write `x = x! - 1`.
 */
// biome-ignore lint/style/noDefaultExport: Stryker wants it so
export default {
  testRunner: "mocha",
  plugins: ["@stryker-mutator/mocha-runner", new URL("./plugins.ts", import.meta.url).pathname],
  ignorers: ["people-only"],
  // What is evaluated at import would take a new process and every test for each mutant.
  ignoreStatic: true,
  mochaOptions: {
    "no-config": true,
    extension: ["ts"],
    spec: ["internal/cart/**/*.test.ts", "internal/outbox/**/*.test.ts"],
    ignore: ["**/*.{int,http,amqp}.test.ts"],
  },
  mutate: [
    process.env.ONLY || "internal/{cart,outbox}/**/*.ts",
    "!**/*.{test,contract}.ts",
    "!**/*.{redis,postgres,sqlserver,http,amqp}.ts",
  ],
  ignorePatterns: ["/*", "/.*", "!/internal", "!/cmd", "!/package.json", "/internal/proof"],
  coverageAnalysis: "perTest",
  concurrency: 1,
  timeoutMS: 1000,
  tempDirName: ".run/mutants",
  reporters: ["survivors", "clear-text", "json"],
  jsonReporter: { fileName: ".run/mutants.json" },
  clearTextReporter: { reportMutants: false, logTests: false, allowColor: false, reportTests: false },
};

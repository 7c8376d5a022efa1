import { rmSync } from "node:fs";
import { dirname } from "node:path";
import "./down.ts";
import { readState } from "../internal/testkit/local/state.ts";

/* `make clean`: stops everything, and removes the data that lie outside the checkout. */

const { postgresDir } = readState();
if (postgresDir !== undefined) rmSync(dirname(postgresDir), { recursive: true, force: true });

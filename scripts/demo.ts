/* `make demo`: see internal/testkit/local/demo.ts. */
import "../internal/testkit/local/demo.ts";

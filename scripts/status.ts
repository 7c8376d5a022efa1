/* `make status`: see internal/testkit/local/status.ts. */
import "../internal/testkit/local/status.ts";

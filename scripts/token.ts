import { existsSync } from "node:fs";
import { join } from "node:path";
import { endOnBrokenPipe } from "../internal/platform/lifecycle/broken-pipe.ts";
import { SECRETS_DIR } from "../internal/testkit/local/state.ts";
import { fail } from "../internal/testkit/local/steps.ts";
import { userToken } from "../internal/testkit/processes/dev-keys.ts";

/* `make token USER=alice`: a token for a named user, from the key that `make up` made. */

endOnBrokenPipe();
const user = process.env.TOKEN_USER ?? "";
if (!/^[\x21-\x7e]{1,128}$/.test(user))
  fail("Say for whom, in 1 to 128 visible ASCII characters: make token USER=alice");
if (!existsSync(join(SECRETS_DIR, "signing-key.json")))
  fail("There is no signing key yet; run make up first.");
console.log(await userToken(SECRETS_DIR, user));

import { existsSync } from "node:fs";
import { join } from "node:path";
import { userToken } from "./stack/dev-keys.ts";
import { SECRETS_DIR } from "./stack/state.ts";
import { fail } from "./stack/steps.ts";

/* `make token USER=alice`: a token for a named user, from the key that `make up` made. */

const user = process.env.TOKEN_USER ?? "";
if (!/^[\x21-\x7e]{1,128}$/.test(user)) fail("Say for whom: make token USER=alice");
if (!existsSync(join(SECRETS_DIR, "signing-key.json")))
  fail("There is no signing key yet; run make up first.");
console.log(await userToken(SECRETS_DIR, user));

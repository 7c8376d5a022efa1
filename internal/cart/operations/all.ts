import { add } from "./add.ts";
import { clear } from "./clear.ts";
import type { Operation } from "./operation.ts";
import { remove } from "./remove.ts";
import { set } from "./set.ts";

/** Every change that a client can make to a cart. */
export const OPERATIONS: readonly Operation[] = [add, set, remove, clear];

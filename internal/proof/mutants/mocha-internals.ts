import { registerHooks } from "node:module";

/*
 * Stryker's mocha runner 10.0.0 requires three files of mocha without their extension, which mocha 12 renamed
 * to .cjs (stryker-mutator/stryker-js, pull request 6205). Goes when a release of the runner finds them.
 */
registerHooks({
  resolve: (specifier, context, next) =>
    next(/\/mocha\/lib\/cli\/[a-z-]+$/.test(specifier) ? `${specifier}.cjs` : specifier, context),
});

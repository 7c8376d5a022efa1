/**
 * The largest body of a checkout in bytes, at the gateway and behind it: 100 lines of a cart as it is shown,
 * with the longest ids and names, have up to 2.1 kB each.
 */
export const CHECKOUT_BODY_BYTES = 256 * 1024;

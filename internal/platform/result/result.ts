/**
 * What a caller can act on: a value, or a coded error. Bugs and lost connections are exceptions, not results.
 */
export type Result<T, E> = Ok<T> | Err<E>;

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

/** A success carrying `value`. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** A failure carrying `error`, usually one member of a union with a `code`. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}

/**
 * The value of a success, for results whose failure would be a bug of ours. Throws with the error as `cause`.
 */
export function unwrap<T, E>(result: Result<T, E>): T {
  if (result.ok) return result.value;
  throw new Error(`unwrapped a failure: ${JSON.stringify(result.error)}`, { cause: result.error });
}

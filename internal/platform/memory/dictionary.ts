/** A `Map<string, V>` for entries that come and go thousands of times a second. */
export interface Dictionary<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  /** Returns whether it was there. */
  delete(key: string): boolean;
  /** A copy, so that the dictionary may change meanwhile. */
  entries(): [string, V][];
  size(): number;
}

/**
 * V8 links the table that a Map has outgrown to its successor (OrderedHashTable::Rehash). Once one such table
 * lies in the old generation, everything that passes through a busy Map afterwards survives until the next
 * major collection, and each minor one takes tens of milliseconds instead of one. A plain object has no such
 * links.
 */
export function createDictionary<V>(): Dictionary<V> {
  const values: Record<string, V> = Object.create(null);
  let size = 0;
  return {
    get: (key) => values[key],
    set: (key, value) => {
      if (values[key] === undefined) size++;
      values[key] = value;
    },
    delete: (key) => {
      if (values[key] === undefined) return false;
      delete values[key];
      size--;
      return true;
    },
    entries: () => Object.entries(values),
    size: () => size,
  };
}

/** Something with connections, made once and used for many messages. */
interface Closable {
  close(): Promise<void>;
}

interface Kept<T> {
  readonly value: T;
  users: number;
  isDropped: boolean;
}

/**
 * Keeps what is used most lately and lets go of the rest, never under somebody's hands: what is dropped while it sends
 * is closed by the last one who uses it.
 *
 * @param most how many are kept
 */
export function keepLatest<T extends Closable>(
  most: number,
): {
  use<R>(key: string, make: () => T, work: (value: T) => Promise<R>): Promise<R>;
  close(): Promise<void>;
} {
  const kept = new Map<string, Kept<T>>();
  const drop = async (key: string, entry: Kept<T>): Promise<void> => {
    kept.delete(key);
    entry.isDropped = true;
    if (entry.users === 0) await entry.value.close();
  };
  return {
    async use(key, make, work) {
      const entry = kept.get(key) ?? { value: make(), users: 0, isDropped: false };
      // The last one in the map is the one used most lately.
      kept.delete(key);
      kept.set(key, entry);
      entry.users += 1;
      try {
        const oldest = kept.entries().next().value;
        if (kept.size > most && oldest !== undefined) await drop(...oldest);
        return await work(entry.value);
      } finally {
        entry.users -= 1;
        if (entry.isDropped && entry.users === 0) await entry.value.close();
      }
    },
    async close() {
      await Promise.all([...kept].map(([key, entry]) => drop(key, entry)));
    },
  };
}

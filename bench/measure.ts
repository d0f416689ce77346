/** One line of a benchmark's table. */
export type Measurement = {
  readonly name: string;
  readonly median: number;
  /** Smallest and largest of the runs. */
  readonly spread: readonly [number, number];
  readonly unit: string;
  /** `atMost` or `atLeast` what is promised; null of a figure that is only reported. */
  readonly bound: { readonly atMost: number } | { readonly atLeast: number } | null;
};

/** True where the median keeps what is promised. */
export function keepsBound({ median, bound }: Measurement): boolean {
  if (bound === null) return true;
  return 'atMost' in bound ? median <= bound.atMost : median >= bound.atLeast;
}

/** The median of `runs` results of `once`, after one run that warms up and does not count. */
export async function medianOf(
  runs: number,
  once: () => Promise<number>,
): Promise<{ median: number; spread: [number, number] }> {
  await once();
  const results: number[] = [];
  for (let run = 0; run < runs; run++) results.push(await once());
  results.sort((a, b) => a - b);
  return { median: results[Math.floor(runs / 2)] ?? 0, spread: [results[0] ?? 0, results.at(-1) ?? 0] };
}

/** Milliseconds of processor time that `work` takes: on a shared machine the clock on the wall says little. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

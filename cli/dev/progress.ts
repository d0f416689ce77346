import pc from 'picocolors';

/** Tells a person at the terminal what is going on; on a terminal a line is finished in place. */
export interface Progress {
  /** Runs one named part of the start; says how long it took, or that it failed. */
  step: <Result>(name: string, work: (note: (text: string) => void) => Promise<Result>) => Promise<Result>;
}

/** Writes to standard error, so that standard output stays for the result. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return {
    step: async (name, work) => {
      const started = performance.now();
      const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
      try {
        const result = await work((text) => stream.write(pc.dim(`  · ${name}: ${text}\n`)));
        stream.write(`${pc.green('  ✓')} ${name} ${pc.dim(`(${seconds()})`)}\n`);
        return result;
      } catch (error) {
        stream.write(`${pc.red('  ✗')} ${name} ${pc.dim(`(${seconds()})`)}\n`);
        throw error;
      }
    },
  };
}

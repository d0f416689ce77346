// Loaded before everything else of a process (`node --import`): its machine believes in another time, by CLOCK_OFF_BY_MS.
const offByMs = Number(process.env['CLOCK_OFF_BY_MS'] ?? 0);
const Real = Date;

class WrongDate extends Real {
  constructor(...args: [] | [number | string | Date] | [number, number]) {
    if (args.length === 0) super(Real.now() + offByMs);
    else super(...(args as [number]));
  }
  static override now(): number {
    return Real.now() + offByMs;
  }
}
globalThis.Date = WrongDate as unknown as DateConstructor;

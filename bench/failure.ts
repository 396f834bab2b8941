/** A reason why a benchmark cannot run or its figures would mean nothing; shown without a stack. */
export class BenchFailure extends Error {}

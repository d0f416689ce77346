import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves message and stack trace of every failure into the payload that the codec encrypts: an error text may quote what
 * it was working on. The name of the export is what Temporal looks for.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });

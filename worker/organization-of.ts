/** The organization that a workflow belongs to, by the id of the workflow; undefined: to none. */
export function organizationOf(workflowId: unknown): string | undefined {
  if (typeof workflowId !== 'string') return undefined;
  return /^(?:journey|webhook|enrol)\/([0-9a-f-]{36})\//.exec(workflowId)?.[1];
}

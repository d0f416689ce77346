/** Why a worker refuses to start, and what to do. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
  readonly code:
    | 'search_attributes'
    | 'node_version'
    | 'two_protobufjs'
    | 'temporal_unreachable'
    | 'database'
    | 'webhook_allow_list'
    | 'workflow_bundle_missing';
  constructor(code: WorkerStartError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

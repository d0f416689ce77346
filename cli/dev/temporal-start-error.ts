import { OperatorError } from '../operator-error.ts';

/** Why no Temporal server can be had, with everything that was tried and what to do. */
export class TemporalStartError extends OperatorError {
  override readonly name = 'TemporalStartError';
  readonly code: 'temporal_unavailable' | 'temporal_unreachable' | 'temporal_failed' | 'temporal_port_busy';
  constructor(code: TemporalStartError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

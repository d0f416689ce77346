/** One thing that is wrong with a template (`error`: it cannot be published) or doubtful (`warning`). */
export type Finding = {
  severity: 'error' | 'warning';
  code: string;
  /** `subject`, `body`, or a key of the front matter. */
  path: string;
  /** What it is, what it means, what to do. */
  message: string;
};

export function error(code: string, path: string, message: string): Finding {
  return { severity: 'error', code, path, message };
}

export function warning(code: string, path: string, message: string): Finding {
  return { severity: 'warning', code, path, message };
}

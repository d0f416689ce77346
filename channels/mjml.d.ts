/** The part of mjml 5 that we use; the package brings no types of its own. */
declare module 'mjml' {
  type MjmlError = { line: number; message: string; tagName: string; formattedMessage: string };
  export default function mjml2html(
    source: string,
    options?: {
      validationLevel?: 'strict' | 'soft' | 'skip';
      keepComments?: boolean;
      ignoreIncludes?: boolean;
      fonts?: Record<string, string>;
    },
  ): Promise<{ html: string; errors: MjmlError[] }>;
}

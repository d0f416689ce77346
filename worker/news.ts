import type { Finding } from './reconcile.ts';

/**
 * Lets through what was not found the last time: what waits for a person is told once, and again only when it had gone
 * and came back. What was mended is always news.
 */
export function createNews(): (findings: readonly Finding[]) => Finding[] {
  let before: ReadonlySet<string> = new Set();
  return (findings) => {
    const nameOf = ({ kind, subject }: Finding): string => `${kind}/${subject}`;
    const news = findings.filter((finding) => finding.repaired || !before.has(nameOf(finding)));
    before = new Set(findings.map(nameOf));
    return news;
  };
}

// Says that the mail knows both; without it some programs turn the colours round by themselves, badly.
const META =
  '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">';

// Styles that stand on the elements, as mails need them, are overruled by !important alone. What has a background of
// its own inside a text (a button) keeps its colours: the supplier's brand is readable on itself.
const STYLE = `<style type="text/css">
      :root { color-scheme: light dark; supported-color-schemes: light dark; }
      @media (prefers-color-scheme: dark) {
        body, body > div { background-color: #1b1815 !important; }
        body > div div[style*="background"], body > div table[style*="background"] { background: #27231f !important; }
        h1, h2, h3, h4, li, th, td, div, p:not([style*="background"]), span:not([style*="background"]) { color: #efe9e1 !important; }
        a:not([style*="background"]) { color: #eab79f !important; }
      }
    </style>`;

/**
 * Gives a compiled mail colours for readers who have their programs dark. One that brings its own stays as it is.
 *
 * @see https://www.w3.org/TR/mediaqueries-5/#prefers-color-scheme
 */
export function withDarkMode(html: string): string {
  if (/prefers-color-scheme/i.test(html)) return html;
  return html.replace('</head>', `  ${META}\n    ${STYLE}\n  </head>`);
}

import { Command } from 'commander';

import { printable } from '../output/printable.ts';
import { writeOut } from '../output/write-out.ts';
import { inPart, partOption, type RenderedPart } from './rendered-parts.ts';
import { withWords, wordsToShow, type WordsOptions } from './words-to-show.ts';

/** `wedsync templates render`: a message as a couple would get it. */
export function renderCommand(): Command {
  return withWords(new Command('render'))
    .description('Show a message as a couple would get it: a sample couple, or a real one.')
    .addOption(partOption())
    .addHelpText(
      'after',
      `
Exit codes: 0 shown, 1 it cannot be filled in, 2 usage.

Examples:
  wedsync templates render welcome.mjml
  wedsync templates render welcome.mjml --part html > welcome.html
  wedsync templates render venue_welcome --organization caerwyn-manor --client sian@example.com --part no-pictures`,
    )
    .action(async (template: string, options: WordsOptions & { part: RenderedPart }) => {
      const shown = await wordsToShow(template, options);
      if (shown.ok) await writeOut(process.stdout, `${inPart(options.part, shown.words)}\n`);
      else {
        await writeOut(process.stderr, `${printable(shown.problem)}\n`);
        process.exitCode = 1;
      }
    });
}

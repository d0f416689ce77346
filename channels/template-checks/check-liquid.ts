import { createLiquidEngine, TEMPLATE_LIMITS, type LiquidMode } from '../liquid-engine.ts';
import { findVariable, TEMPLATE_VARIABLES } from '../variable-catalogue.ts';
import { error, type Finding } from './finding.ts';
import { nearestName } from './nearest-name.ts';

/** What is wrong with the Liquid of one part, and the catalogue's variables that it uses. */
export function checkLiquid(
  path: string,
  source: string,
  mode: LiquidMode,
  partials: Readonly<Record<string, string>> = {},
): { findings: Finding[]; variables: string[] } {
  if (source.length > TEMPLATE_LIMITS.sourceChars) {
    const message = `The text is longer than ${TEMPLATE_LIMITS.sourceChars} characters. Shorten it.`;
    return { findings: [error('too_long', path, message)], variables: [] };
  }
  const engine = createLiquidEngine(mode, undefined, partials);
  try {
    const used = engine.globalFullVariablesSync(engine.parse(source), { partials: true });
    const findings = used.flatMap((name): Finding[] =>
      findVariable(name) === undefined ? [unknownVariable(path, name)] : [],
    );
    return { findings, variables: used };
  } catch (problem) {
    return { findings: messagesOf(problem).map((message) => liquidError(path, message)), variables: [] };
  }
}

function unknownVariable(path: string, name: string): Finding {
  const near = nearestName(
    name,
    TEMPLATE_VARIABLES.map((variable) => variable.name),
  );
  const hint =
    near === undefined ? 'The variables that exist are listed in the documentation.' : `Did you mean {{ ${near} }}?`;
  return error(
    'unknown_variable',
    path,
    `There is no variable {{ ${name} }}, so the message could never be sent. ${hint}`,
  );
}

function liquidError(path: string, message: string): Finding {
  const [first = message] = message.split('\n', 1);
  if (/^tag .* not closed|not opened|unexpected tag/.test(first)) {
    return error('liquid_unbalanced', path, `A tag is opened and not closed, or closed and not opened: ${first}.`);
  }
  if (/^tag ".*" not found/.test(first)) return error('unknown_tag', path, `This tag cannot be used here: ${first}.`);
  if (/undefined filter/.test(first))
    return error('unknown_filter', path, `This filter cannot be used here: ${first}.`);
  if (/ENOENT/.test(first))
    return error('unknown_partial', path, 'The template uses a part (header, footer, signature) that does not exist.');
  return error('liquid_invalid', path, `The template language is not valid here: ${first}.`);
}

function messagesOf(problem: unknown): string[] {
  if (!(problem instanceof Error)) return [String(problem)];
  const { errors } = problem as Error & { errors?: unknown };
  return Array.isArray(errors) ? errors.flatMap(messagesOf) : [problem.message];
}

// Whatever a definition names must be there: steps, arms, stages, templates, endpoints.
import type { Condition } from './condition-schema.ts';
import { isMessage, type MessageStep } from './step-schema.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Problem } from './problem.ts';
import { called, type Examined, type PlacedStep, type ValidationContext } from './examined.ts';

/** How many levels arms may stand inside each other. */
const MAX_LEVELS = 10;

/** Errors about references. */
export function findWrongReferences(examined: Examined): Problem[] {
  return [
    ...emptyJourney(examined),
    ...keysUsedTwice(examined),
    ...examined.steps.flatMap((placed) => [
      ...wrongArm(placed, examined),
      ...wrongAnchors(placed, examined),
      ...wrongConditions(placed, examined),
      ...wrongTarget(placed, examined),
    ]),
    ...tooManyLevels(examined),
    ...unknownStages(examined),
  ];
}

function emptyJourney({ definition }: Examined): Problem[] {
  if (definition.steps.length > 0) return [];
  return [{ code: 'no_steps', path: 'steps', message: 'This journey has no steps. Add at least one.' }];
}

function keysUsedTwice({ steps, byKey }: Examined): Problem[] {
  return steps
    .filter((placed) => byKey.get(placed.step.key) !== placed)
    .map(({ step, path }) => ({
      code: 'duplicate_key',
      path: `${path}.key`,
      message: `The key "${step.key}" is used by ${byKey.get(step.key)?.path} too. Keys tell steps apart: give this one another.`,
    }));
}

/** The step that a key names, if it stands before `from`; otherwise what is wrong about it. */
function earlier(
  key: string,
  from: PlacedStep,
  path: string,
  { byKey }: Examined,
): { target: PlacedStep; problem?: never } | { target?: never; problem: Problem } {
  const target = byKey.get(key);
  if (target === undefined) {
    const meant = didYouMean(key, byKey.keys());
    const hint = meant ? `Did you mean "${meant}"?` : 'Name a step which stands earlier in the list.';
    return { problem: { code: 'unknown_step', path, message: `There is no step with the key "${key}". ${hint}` } };
  }
  if (target.step.key === from.step.key) {
    return { problem: { code: 'self_reference', path, message: 'A step cannot hang on itself. Name an earlier one.' } };
  }
  const after = target.list === from.list ? target.index > from.index : target.list === 'closing';
  if (!after) return { target };
  const message = `${called(target.step)} stands later in the list. A step can only hang on an earlier one: move one of them.`;
  return { problem: { code: 'later_step', path, message } };
}

function wrongArm(placed: PlacedStep, examined: Examined): Problem[] {
  const arm = placed.step.in;
  if (arm === undefined) return [];
  const path = `${placed.path}.in.step`;
  const { target, problem } = earlier(arm.step, placed, path, examined);
  if (problem) return [problem];
  if (target.list !== placed.list) {
    const message = `${called(target.step)} belongs to the journey itself; a closing step can only stand on an arm of a closing step.`;
    return [{ code: 'later_step', path, message }];
  }
  if (target.step.type === 'condition' || target.step.type === 'wait_for') return [];
  const message = `${called(target.step)} has no arms: only a condition and a wait have yes and no.`;
  return [{ code: 'no_arms', path, message }];
}

function wrongAnchors(placed: PlacedStep, examined: Examined): Problem[] {
  const { step, path } = placed;
  const anchors: [string, string | undefined][] = [[`${path}.when.anchor`, step.when?.anchor]];
  if (step.type === 'wait_for') anchors.push([`${path}.limit.anchor`, step.limit?.anchor]);
  if (step.type === 'webhook') anchors.push([`${path}.wait.limit.anchor`, step.wait?.limit?.anchor]);
  return anchors.flatMap(([where, anchor]) => {
    if (!anchor?.startsWith('step:')) return [];
    const { problem } = earlier(anchor.slice('step:'.length), placed, where, examined);
    return problem ? [problem] : [];
  });
}

/** Every condition of a step, with its path. */
export function conditionsOf({ step, path }: PlacedStep): [string, Condition][] {
  const found: [string, Condition | undefined][] = [
    [`${path}.onlyIf`, step.onlyIf],
    [`${path}.repeat.until`, step.repeat?.until],
    [`${path}.test`, step.type === 'condition' ? step.test : undefined],
  ];
  return found.filter((entry): entry is [string, Condition] => entry[1] !== undefined);
}

/** The fields a condition compares, each with its path. */
export function fieldsOf(condition: Condition, path: string): [string, string][] {
  if ('all' in condition) return condition.all.flatMap((part, index) => fieldsOf(part, `${path}.all[${index}]`));
  if ('any' in condition) return condition.any.flatMap((part, index) => fieldsOf(part, `${path}.any[${index}]`));
  if ('not' in condition) return fieldsOf(condition.not, `${path}.not`);
  return [[`${path}.field`, condition.field]];
}

function wrongConditions(placed: PlacedStep, { byKey }: Examined): Problem[] {
  return conditionsOf(placed)
    .flatMap(([path, condition]) => fieldsOf(condition, path))
    .flatMap(([path, field]) => {
      const [subject, key] = field.split('.');
      if ((subject !== 'step' && subject !== 'message') || key === undefined || byKey.has(key)) return [];
      const meant = didYouMean(key, byKey.keys());
      const hint = meant ? ` Did you mean "${meant}"?` : '';
      return [{ code: 'unknown_step', path, message: `There is no step with the key "${key}".${hint}` }];
    });
}

function wrongTarget({ step, path }: PlacedStep, { context }: Examined): Problem[] {
  if (isMessage(step)) return [...notSetUp(step, path, context), ...wrongTemplate(step, path, context)];
  if (step.type !== 'webhook' || step.endpoint === undefined || context.endpoints === undefined) return [];
  if (context.endpoints.has(step.endpoint)) return [];
  const meant = didYouMean(step.endpoint, context.endpoints);
  const hint = meant ? `Did you mean "${meant}"?` : 'Set it up under Developers, or choose another.';
  const message = `There is no endpoint "${step.endpoint}". ${hint}`;
  return [{ code: 'unknown_endpoint', path: `${path}.endpoint`, message }];
}

function notSetUp(step: MessageStep, path: string, { channels }: ValidationContext): Problem[] {
  if (channels === undefined || channels.includes(step.type)) return [];
  const message = `${called(step)} is sent by ${step.type}, which is not set up. Set it up in the settings, or choose another channel.`;
  return [{ code: 'channel_not_ready', path: `${path}.type`, message }];
}

function wrongTemplate(step: MessageStep, path: string, { templates }: ValidationContext): Problem[] {
  if (templates === undefined) return [];
  const channels = templates.get(step.template);
  if (channels === undefined) {
    const meant = didYouMean(step.template, templates.keys());
    const hint = meant ? `Did you mean "${meant}"?` : 'Write it under Templates, or choose another.';
    const message = `There is no template "${step.template}". ${hint}`;
    return [{ code: 'unknown_template', path: `${path}.template`, message }];
  }
  if (channels.includes(step.type)) return [];
  const message = `The template "${step.template}" is written for ${channels.join(' and ')}, but ${called(step)} is sent by ${step.type}.`;
  return [{ code: 'template_channel', path: `${path}.template`, message }];
}

function tooManyLevels({ steps, byKey }: Examined): Problem[] {
  const levels = new Map<string, number>();
  for (const placed of steps) {
    const parent = placed.step.in?.step;
    // A parent stands earlier in the list, so its level is known already.
    levels.set(placed.step.key, parent === undefined ? 0 : (levels.get(parent) ?? 0) + 1);
  }
  const deep = steps.find(({ step }) => (levels.get(step.key) ?? 0) > MAX_LEVELS && byKey.has(step.key));
  if (deep === undefined) return [];
  const message = `Arms may stand ${MAX_LEVELS} levels deep. Take a level out, or let a second journey go on from here.`;
  return [{ code: 'too_deep', path: `${deep.path}.in`, message }];
}

function unknownStages({ definition, steps }: Examined): Problem[] {
  const stages = new Set(steps.flatMap(({ step }) => (step.stage === undefined ? [] : [step.stage])));
  return (definition.stops ?? []).flatMap((stop, index) =>
    (stop.stages ?? []).flatMap((stage, position) => {
      if (stages.has(stage)) return [];
      const meant = didYouMean(stage, stages);
      const hint = meant ? `Did you mean "${meant}"?` : 'Give the steps that end here this stage.';
      const path = `stops[${index}].stages[${position}]`;
      return [{ code: 'unknown_stage', path, message: `No step has the stage "${stage}". ${hint}` }];
    }),
  );
}

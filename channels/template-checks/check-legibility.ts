import { DomUtils, ElementType, parseDocument } from 'htmlparser2';
import { error, type Finding } from './finding.ts';

type Node = ReturnType<typeof parseDocument>['children'][number];
type Colour = [red: number, green: number, blue: number];
type Look = { colour: Colour; background: Colour; sizePx: number; bold: boolean };

const SMALLEST_PX = 14;
// WCAG 2.2, 1.4.3: 4.5 to 1, or 3 to 1 for large text (24 px, or 18.66 px in bold).
const CONTRAST = { ordinary: 4.5, large: 3 };
const NAMES: Readonly<Record<string, Colour>> = { white: [255, 255, 255], black: [0, 0, 0] };

/**
 * Text that is too small or too pale, by the styles that stand on the elements themselves: mail programs keep no
 * others for certain. A colour that is not written as a number is taken for the one around it.
 */
export function checkLegibility(html: string): Finding[] {
  const found = new Map<string, Finding>();
  const begin: Look = { colour: [0, 0, 0], background: [255, 255, 255], sizePx: 16, bold: false };
  walk(parseDocument(html).children, begin, (text, look) => {
    const shown = text.slice(0, 40);
    if (look.sizePx > 0 && look.sizePx < SMALLEST_PX) {
      const message = `"${shown}" is ${look.sizePx} px high; many people cannot read less than ${SMALLEST_PX} px.`;
      if (!found.has('small')) found.set('small', error('text_too_small', 'body', message));
    }
    const large = look.sizePx >= 24 || (look.bold && look.sizePx >= 18.66);
    const ratio = contrast(look.colour, look.background);
    if (ratio < (large ? CONTRAST.large : CONTRAST.ordinary)) {
      const message = `"${shown}" is hard to read: its contrast is ${ratio.toFixed(1)} to 1 and must be ${large ? 3 : 4.5} to 1. Make it darker, or what is behind it paler.`;
      if (!found.has('pale')) found.set('pale', error('contrast', 'body', message));
    }
  });
  return [...found.values()];
}

function walk(nodes: Node[], look: Look, tell: (text: string, look: Look) => void): void {
  for (const node of nodes) {
    if (node.type === ElementType.Text) {
      const text = DomUtils.textContent(node)
        .replaceAll(/[\s\u00A0\u200B-\u200F\uFEFF]+/g, ' ')
        .trim();
      if (text !== '') tell(text, look);
      continue;
    }
    if (!('attribs' in node) || ['style', 'script', 'head', 'title'].includes(node.name)) continue;
    const style = styleOf(node.attribs['style'] ?? '');
    if (style.get('display') === 'none') continue;
    walk(node.children, lookOf(node.name, style, node.attribs['bgcolor'], look), tell);
  }
}

function lookOf(name: string, style: Map<string, string>, bgcolor: string | undefined, around: Look): Look {
  const background = style.get('background-color') ?? style.get('background') ?? bgcolor;
  const size = /^([\d.]+)px$/.exec(style.get('font-size') ?? '')?.[1];
  const weight = style.get('font-weight') ?? (/^(?:b|strong|th|h[1-6])$/.test(name) ? 'bold' : undefined);
  return {
    colour: colourOf(style.get('color')) ?? around.colour,
    background: colourOf(background) ?? around.background,
    sizePx: size === undefined ? around.sizePx : Number(size),
    bold: weight === undefined ? around.bold : weight === 'bold' || Number(weight) >= 600,
  };
}

function styleOf(style: string): Map<string, string> {
  const pairs = style.split(';').map((rule): [string, string] => {
    const colon = rule.indexOf(':');
    return [
      rule.slice(0, colon).trim().toLowerCase(),
      rule
        .slice(colon + 1)
        .trim()
        .toLowerCase(),
    ];
  });
  return new Map(pairs);
}

function colourOf(value: string | undefined): Colour | undefined {
  if (value === undefined) return undefined;
  const hex = /#([0-9a-f]{6}|[0-9a-f]{3})\b/.exec(value)?.[1];
  if (hex !== undefined) {
    const full = hex.length === 3 ? hex.replaceAll(/./g, '$&$&') : hex;
    return [
      Number.parseInt(full.slice(0, 2), 16),
      Number.parseInt(full.slice(2, 4), 16),
      Number.parseInt(full.slice(4, 6), 16),
    ];
  }
  const [, red, green, blue] = /rgba?\((\d+)[,\s]+(\d+)[,\s]+(\d+)/.exec(value) ?? [];
  if (red !== undefined) return [Number(red), Number(green), Number(blue)];
  return NAMES[value];
}

/** WCAG's contrast ratio, from 1 to 21. */
function contrast(one: Colour, other: Colour): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

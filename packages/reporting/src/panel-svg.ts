import { panelSpec } from './panel-spec.js';
import type { Panel, PanelSize } from './panel.js';

async function loadLibraries() {
  const { compile } = await import('vega-lite');
  return { compile, vega: await import('vega') };
}

/**
 * Vega-Lite and Vega take some 200 ms to load, so the first figure loads them and not whoever imports this
 * package.
 */
let libraries: ReturnType<typeof loadLibraries> | undefined;

/**
 * Draws a panel: Vega-Lite compiles the spec, Vega renders it to a string without a DOM.
 *
 * @param idPrefix makes the ids inside unique on a page; Vega's own come from a counter that outlives the
 *   figure, so they would depend on what was drawn before
 * @returns the contents of an `<svg>` element of `size`
 */
export async function renderPanel(panel: Panel, size: PanelSize, idPrefix: string): Promise<string> {
  const { compile, vega } = await (libraries ??= loadLibraries());
  const view = new vega.View(vega.parse(compile(panelSpec(panel, size)).spec), { renderer: 'none' });
  try {
    const svg = await view.toSVG();
    const contents = svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>'));
    return renameIds(contents, idPrefix);
  } finally {
    view.finalize();
  }
}

/**
 * Ids in order of appearance: `prefix-1`, `prefix-2`, … Only attributes are touched: text has its quotes next
 * to no bracket of a tag.
 */
function renameIds(svg: string, prefix: string): string {
  const names = new Map<string, string>();
  const rename = (id: string): string => {
    const name = names.get(id) ?? `${prefix}-${names.size + 1}`;
    names.set(id, name);
    return name;
  };
  return svg.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ clip-path="url\(#([^)"]+)\)"/g, (_, id: string) => ` clip-path="url(#${rename(id)})"`)
      .replace(/ id="([^"]+)"/g, (_, id: string) => ` id="${rename(id)}"`),
  );
}

import { UserError, printable } from '@metadescent/core';
import { toJson } from '@metadescent/reporting';
import { commandText } from '../command-text.js';
import { catalogue, type CatalogueEntry } from '../experiments/catalogue.js';

/** `metadescent list` */
export function list(filter: string | undefined, { json }: { readonly json?: boolean }): void {
  const entries = catalogue.filter(({ name }) => filter === undefined || name.includes(filter));
  if (entries.length === 0)
    throw new UserError(
      `no name contains "${printable(filter ?? '')}"; \`${commandText('list')}\` shows them all`,
    );
  process.stdout.write(json ? `${toJson(entries)}\n` : entries.map(entryText).join(''));
}

function entryText({
  name,
  title,
  source,
  commands,
  presetMinutes,
  horizon,
  shippedWeights,
}: CatalogueEntry): string {
  const facts = [
    title,
    ...(horizon === undefined ? [] : [`${horizon} steps`]),
    ...(presetMinutes ? [`presets: ${Object.entries(presetMinutes).map(presetText).join(', ')}`] : []),
    ...(shippedWeights ? [`weights ship: "${shippedWeights.name}" of ${shippedWeights.package}`] : []),
  ];
  return `${name}\n    ${facts.join('; ')}\n    ${source}\n    ${commands.map((words) => commandText(...words)).join(', ')}\n`;
}

/** On two cores of a busy machine. */
function presetText([name, minutes]: readonly [string, number | null]): string {
  if (minutes === null) return name;
  return `${name} (${minutes < 1 ? 'under a minute' : `about ${minutes} minutes`})`;
}

import { UserError } from '@metadescent/core';

/**
 * @param caller whose failure it is, as its user knows it
 * @throws UserError if the option is not a whole number of at least `minimum`.
 */
export function checkWhole(caller: string, name: string, value: number, minimum = 1): void {
  if (!Number.isInteger(value) || value < minimum)
    throw new UserError(`${caller}: ${name} must be a whole number from ${minimum}, but is ${String(value)}`);
}

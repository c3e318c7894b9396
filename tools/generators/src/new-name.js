import { names } from '@nx/devkit';

/**
 * The spellings of a new thing's name, after it was checked.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {string} name in kebab-case
 * @param {(name: string) => string} place the file or folder that must not exist yet
 * @throws Error if the name is not kebab-case or its place is taken.
 */
export function newName(tree, name, place) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(
      `The name must be kebab-case (a-z, 0-9, single hyphens), but is "${name}": try "${names(name).fileName}".`,
    );
  }
  if (tree.exists(place(name)))
    throw new Error(`${place(name)} exists already: choose another name, or remove it first.`);
  return {
    name,
    camelName: names(name).propertyName,
    PascalName: names(name).className,
    title: name.replaceAll('-', ' '),
  };
}

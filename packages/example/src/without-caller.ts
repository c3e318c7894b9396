/**
 * A message without the name of the library function that it begins with, for readers who called a command
 * and no function.
 *
 * @example
 * withoutCaller('loadMnist: data: 3 images') // => 'data: 3 images'
 */
export function withoutCaller(message: string): string {
  return message.replace(/^[a-z]+[A-Z][A-Za-z0-9]*: /, '');
}

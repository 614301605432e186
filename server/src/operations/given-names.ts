/** The names of the fields that a change gives, for its record: what people wrote in them cannot be erased there. */
export function givenNames(given: Readonly<Record<string, unknown>>): string {
  return Object.keys(given)
    .filter((name) => given[name] !== undefined)
    .toSorted()
    .join(' ')
}

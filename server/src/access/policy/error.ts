import { ClavigerError } from '#model'

/** The longest name out of a document that a message repeats. */
const NAME_LENGTH_MAX = 64

/** A document that is not a key policy; AWS's MalformedPolicyDocumentException. The message says what is wrong and where. */
export class PolicyError extends ClavigerError {
  constructor(message: string, where = '') {
    super('invalid_request', where === '' ? message : `${where}: ${message}`, { field: 'policy' })
    this.name = 'PolicyError'
  }
}

/** A name out of a document, fit for a message. */
export function shown(name: string): string {
  return name.slice(0, NAME_LENGTH_MAX).replaceAll(/[^\x20-\x7e]/g, '?')
}

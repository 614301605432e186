import type { Scope } from '#model'

/** A scope in words, for records and explanations. */
export function scopeText(scope: Scope): string {
  switch (scope.kind) {
    case 'tenant':
      return 'tenant'
    case 'labels':
      return `labels ${scope.selector}`
    case 'key':
      return `key ${scope.key}`
    case 'alias':
      return `alias ${scope.pattern}`
    default:
      return scope satisfies never
  }
}

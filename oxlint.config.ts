import { defineConfig } from 'oxlint'
import { longTables } from './test/tidy.ts'
import { walls, type Wall } from './test/walls.ts'

/**
 * The rules that need types first: a floating promise is a lost audit write. The wall table of test/walls.ts is shown here too, so that
 * the editor says at once what `walls.test.ts` would say later.
 */

interface Pattern {
  readonly group: string[]
  readonly message: string
  readonly allowTypeImports?: boolean
}

/** What a folder may not import, in the words of no-restricted-imports. */
function restrictedImports(wall: Wall): ['error', { patterns: Pattern[] }] {
  const closed = walls.filter(
    ({ name }) =>
      !wall.imports.includes(name) && !wall.typesOf?.includes(name) && name !== wall.name,
  )
  const patterns: Pattern[] = closed.map(({ name }) => ({
    group: [`#${name}`, `@claviger/${name}`],
    message: `${wall.name} may not import ${name} (test/walls.ts)`,
  }))
  for (const name of wall.typesOf ?? []) {
    patterns.push({
      group: [`#${name}`],
      allowTypeImports: true,
      message: `${wall.name} may use only types of ${name} (test/walls.ts)`,
    })
  }
  if (wall.builtins !== 'all') {
    patterns.push({
      group: ['node:*', ...wall.builtins.flatMap((name) => [`!node:${name}`, `!node:${name}/*`])],
      message: `${wall.name} may not use this of Node (test/walls.ts)`,
    })
  }
  return ['error', { patterns }]
}

/** The wall's files. */
function filesOf({ path, shallow }: Wall): string[] {
  if (path.endsWith('.ts')) return [path]
  return [shallow === true ? `${path}/*.ts` : `${path}/**/*.ts`]
}

const wallOverrides = walls.map((wall) => ({
  files: filesOf(wall),
  rules: { 'no-restricted-imports': restrictedImports(wall) },
}))

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node'],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['**/dist/**'],
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    'typescript/no-explicit-any': 'error',
    'typescript/no-unsafe-argument': 'error',
    'typescript/no-unsafe-assignment': 'error',
    'typescript/no-unsafe-call': 'error',
    'typescript/no-unsafe-member-access': 'error',
    'typescript/no-unsafe-return': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-import-type-side-effects': 'error',
    'typescript/prefer-promise-reject-errors': 'error',
    'import/no-cycle': 'error',
    // Assertions stand where untyped text has just been checked; the unsafe rules above catch `any` itself.
    'typescript/no-unsafe-type-assertion': 'off',
    // A row without input is an empty object, and says so.
    'typescript/no-generated-empty-object-type': 'off',
    'typescript/no-unnecessary-type-parameters': 'off',
    // Code points are what is meant where a string is spread.
    'typescript/no-misused-spread': 'off',
    // The compiler's noImplicitReturns knows more.
    'typescript/consistent-return': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'import/no-unassigned-import': 'off',
    // fast-check offers all its names under one, as its manual uses it.
    'import/no-named-as-default-member': 'off',
    // It is for windows; workers have no origins.
    'unicorn/require-post-message-target-origin': 'off',
    'no-shadow': 'off',
    eqeqeq: 'error',
    'max-lines': ['error', { max: 400 }],
    'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  },
  overrides: [
    ...wallOverrides,
    { files: [...longTables], rules: { 'max-lines': 'off' } },
    {
      files: ['**/test/**/*.ts'],
      rules: {
        // A story is told in one piece; and node:test's `test` returns a promise that the runner awaits.
        'max-lines-per-function': 'off',
        'typescript/no-floating-promises': [
          'error',
          {
            allowForKnownSafeCalls: [
              { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
            ],
          },
        ],
      },
    },
  ],
})

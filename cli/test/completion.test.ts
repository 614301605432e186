import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { completionScripts, suggest } from '../src/commands/completion.ts'
import { makeProgram } from '../src/program.ts'
import { bin } from './e2e/dev-server.ts'
import { listener, run, shellOf, temporaryFolder } from './in-process.ts'

const program = await makeProgram({ shell: shellOf({}, [], []), fail: () => {} })
const words = (...given: string[]) => suggest(program, given).words

test('commands, their options and the choices of options are suggested', () => {
  assert.ok(words('').includes('encrypt') && words('').includes('ledger'))
  assert.ok(!words('').includes('complete'), 'what only the scripts call is not')
  assert.ok(words('key', '').includes('rotate'))
  assert.ok(words('key', 'create', '--').includes('--protect-stop-at'))
  assert.ok(words('key', 'create', '--').includes('--output'), 'global options too')
  assert.deepEqual(words('-o', ''), ['table', 'json', 'yaml', 'raw'])
  assert.deepEqual(words('key', 'create', '-o', ''), ['table', 'json', 'yaml', 'raw'])
  assert.ok(words('key', 'list', '--state', '').includes('suspended'))
  assert.ok(words('principal', 'create', '--kind', '').includes('service'))
  assert.ok(
    words('--profile', 'x', 'key', '').includes('rotate'),
    'the value of an option is no command',
  )
  assert.deepEqual(words('completion', ''), ['bash', 'zsh', 'fish'])
})

test('names of keys are suggested where a key is meant, and only there', () => {
  const keys = (...given: string[]) => suggest(program, given).keys
  for (const given of [
    ['key', 'get', ''],
    ['encrypt', '-k', ''],
    ['sign', '--key', ''],
    ['alias', 'create', 'x', ''],
    ['encrypt', ''],
  ]) {
    assert.ok(keys(...given), given.join(' '))
  }
  for (const given of [
    [''],
    ['key', ''],
    ['principal', 'get', ''],
    ['key', 'create', '--alias', ''],
    ['ledger', 'verify', '--key', ''],
  ]) {
    assert.ok(!keys(...given), given.join(' '))
  }
})

test('live names come from the server; without one there are none, and no error', async () => {
  const id = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'
  const items = ['app', 'apple', 'pear'].map((alias) => ({
    alias,
    key: id,
    createdAt: '2026-01-01T00:00:00.000Z',
  }))
  await using server = await listener(200, { items })
  const live = await run(['complete', '--', 'encrypt', '-k', 'app'], {
    environment: { CLAVIGER_ADDR: server.address },
  })
  assert.equal(live.stdout, 'app\napple\n')
  const dead = await run(['complete', '--', 'encrypt', '-k', ''], {
    environment: { CLAVIGER_ADDR: 'http://127.0.0.1:9' },
  })
  assert.deepEqual([dead.exitCode, dead.stdout, dead.stderr], [0, '', ''])
})

test('bash itself completes through the script', async () => {
  await using folder = await temporaryFolder()
  await symlink(bin, join(folder.path, 'claviger'))
  const script = join(folder.path, 'script.bash')
  await writeFile(script, (await run(['completion', 'bash'])).stdout)
  const complete = (line: string) => {
    const at = `source ${script}; COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _claviger; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['--norc', '-c', at], {
      encoding: 'utf8',
      env: { PATH: `${folder.path}${delimiter}${process.env['PATH'] ?? ''}`, HOME: folder.path },
    })
      .trim()
      .split('\n')
  }
  assert.deepEqual(complete('claviger key rot'), ['rotate'])
  assert.deepEqual(complete('claviger key create --prot'), ['--protect-stop-at'])
  assert.ok(complete("claviger ''").includes('encrypt'))
  assert.match(
    execFileSync('bash', ['--norc', '-c', `source ${script}; complete -p claviger`], {
      encoding: 'utf8',
    }),
    /-F _claviger claviger/,
  )
})

test('there is a script for each shell, and a usage error for others', async () => {
  for (const shell of Object.keys(completionScripts)) {
    assert.match((await run(['completion', shell])).stdout, /claviger complete -- /)
  }
  const { exitCode, stderr } = await run(['completion', 'tcsh'])
  assert.equal(exitCode, 2)
  assert.match(stderr, /bash, zsh, fish/)
})

test('dev and server complete the options of the server, all of them and no others', () => {
  for (const mode of ['dev', 'server']) {
    const help = execFileSync(bin, [mode, '--help'], { encoding: 'utf8' })
    const lines = help.split('\n').filter((line) => line.startsWith('  --'))
    const theirs = lines.filter((line) => mode === 'dev' || !line.includes(' dev: '))
    const flags = theirs.map((line) => line.trim().split(' ', 1)[0] ?? '')
    assert.deepEqual(new Set(words(mode, '--')), new Set(flags), mode)
    assert.equal(execFileSync(bin, ['help', mode], { encoding: 'utf8' }), help)
  }
})

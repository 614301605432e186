import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What everything is compared with: node:http that reads a body, parses nothing, and answers JSON of the size of an encrypt answer.
 * Run with the size in bytes; prints its port.
 */

const answerBytes = Number(process.argv[2] ?? '256')
const answer = Buffer.from(
  JSON.stringify({ ciphertext: 'x'.repeat(Math.max(0, answerBytes - 17)) }),
)

const server = createServer((request, response) => {
  let received = 0
  request.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  request.on('end', () => {
    response.writeHead(received > 0 ? 200 : 400, {
      'content-type': 'application/json',
      'content-length': answer.length,
    })
    response.end(answer)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})

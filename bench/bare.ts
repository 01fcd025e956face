import { createServer } from 'node:http'

/**
 * What Keyreeve is measured against: Node's HTTP server, which reads the request and answers with the size and the headers
 * of a real answer, and does nothing else. Takes the port as its argument.
 */

const body = JSON.stringify({
  CiphertextBlob: 'A'.repeat(152),
  EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  KeyId: `arn:aws:kms:us-east-1:000000000000:key/${'0'.repeat(36)}`,
})
const headers = [
  'x-amzn-RequestId',
  '00000000-0000-0000-0000-000000000000',
  'Cache-Control',
  'no-cache, no-store, must-revalidate, private',
  'Expires',
  '0',
  'Pragma',
  'no-cache',
  'Content-Type',
  'application/x-amz-json-1.1',
  'Content-Length',
  String(body.length),
]

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response.writeHead(200, headers)
    response.end(body, 'latin1')
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1')
process.once('SIGTERM', () => process.exit())

// libutp, as npm's utp-native, at one end of a connection: sends a number of bytes, receives until the peer's end, and
// prints how many bytes came and the SHA-256 of both directions.
//
//   node peer.js listen PORT BYTES     node peer.js dial PORT BYTES
//
// libutp sends nothing before it has received something from who dialled it.
'use strict'

const crypto = require('crypto')
const { Readable } = require('stream')
const utp = require('utp-native')

const [mode, port, bytes] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const CHUNK = 64 * 1024

const sentHash = crypto.createHash('sha256')
const receivedHash = crypto.createHash('sha256')
let received = 0

function * content () {
  for (let offset = 0, i = 0; offset < bytes; offset += CHUNK, i++) {
    const seed = crypto.createHash('sha256').update(`chunk ${i}`).digest()
    const chunk = Buffer.alloc(Math.min(CHUNK, bytes - offset), seed)
    sentHash.update(chunk)
    yield chunk
  }
}

function fail (error) {
  console.log(JSON.stringify({ error: String(error) }))
  process.exit(1)
}

function talk (socket, done) {
  socket.setInteractive(false)
  let open = 2
  const close = () => {
    if (--open === 0) {
      console.log(JSON.stringify({
        received,
        receivedSha256: receivedHash.digest('hex'),
        sentSha256: sentHash.digest('hex')
      }))
      done()
    }
  }
  socket.on('data', (data) => {
    received += data.length
    receivedHash.update(data)
  })
  socket.on('end', close)
  socket.on('finish', close)
  socket.on('error', fail)
  Readable.from(content(), { objectMode: false }).pipe(socket)
}

if (mode === 'listen') {
  const server = utp.createServer({ allowHalfOpen: true }, (socket) => talk(socket, () => server.close()))
  server.on('error', fail)
  server.listen(port, '127.0.0.1', () => console.log('ready'))
} else {
  talk(utp.connect(port, '127.0.0.1', { allowHalfOpen: true }), () => {})
}

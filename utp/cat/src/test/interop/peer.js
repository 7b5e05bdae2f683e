// libutp, as npm's utp-native, at one end of a connection: sends a number of bytes, receives until the peer's end, and
// prints how many bytes came and their SHA-256.
//
//   node peer.js listen PORT BYTES [after-end]     node peer.js dial PORT BYTES [after-end]
//
// With after-end it sends only the first 64,000 bytes at once, and the rest when the peer has ended its own direction.
//
// Prints lines of JSON: {"ready":true} once the port is open, {"moving":true} when a megabyte has come or gone,
// {"ended":true} when its own direction is over, and last the figures, or {"error":...} and exit code 1.
//
// Whoever dials must send first: libutp sends nothing to one that it has not heard of. utp-native keeps what it receives
// until it has 64 KiB or the end.
'use strict'

const crypto = require('crypto')
const { Readable } = require('stream')
const utp = require('utp-native')

const [mode, port, bytes] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const afterEnd = process.argv[5] === 'after-end'
// As in Content.java.
const CHUNK = 1000
const BATCH = 64

const receivedHash = crypto.createHash('sha256')
let sent = 0
let received = 0
let moving = false

function tell (line) {
  console.log(JSON.stringify(line))
}

function moved () {
  if (!moving && Math.max(sent, received) >= 1000000) {
    moving = true
    tell({ moving })
  }
}

function chunk (i) {
  const seed = crypto.createHash('sha256').update(`chunk ${i}`).digest()
  return Buffer.alloc(Math.min(CHUNK, bytes - i * CHUNK), seed)
}

async function * content (gate) {
  const chunks = Math.ceil(bytes / CHUNK)
  for (let i = 0; i < chunks; i += BATCH) {
    if (i > 0) await gate
    const parts = []
    for (let j = i; j < Math.min(i + BATCH, chunks); j++) parts.push(chunk(j))
    const batch = Buffer.concat(parts)
    sent += batch.length
    moved()
    yield batch
  }
}

function fail (error) {
  tell({ error: String(error) })
  process.exit(1)
}

function talk (socket, done) {
  socket.setInteractive(false)
  const ended = new Promise((resolve) => socket.on('end', resolve))
  let open = 2
  const close = () => {
    if (--open === 0) {
      tell({ received, receivedSha256: receivedHash.digest('hex') })
      done()
    }
  }
  socket.on('data', (data) => {
    received += data.length
    receivedHash.update(data)
    moved()
  })
  socket.on('end', close)
  socket.on('finish', () => {
    tell({ ended: true })
    close()
  })
  socket.on('error', fail)
  Readable.from(content(afterEnd ? ended : null), { objectMode: false }).pipe(socket)
}

if (mode === 'listen') {
  const server = utp.createServer({ allowHalfOpen: true }, (socket) => talk(socket, () => server.close()))
  server.on('error', fail)
  server.listen(port, '127.0.0.1', () => tell({ ready: true }))
} else {
  talk(utp.connect(port, '127.0.0.1', { allowHalfOpen: true }), () => {})
}

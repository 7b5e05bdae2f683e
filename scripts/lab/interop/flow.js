// One bulk flow over libutp: "serve ADDR PORT" copies what comes to standard output, "dial ADDR PORT" sends standard input.
const utp = require('utp-native')

const BUFFER_BYTES = 4 << 20

const [mode, address, port] = process.argv.slice(2)
const socket = utp()
// libutp's own default loses every window that is larger than about a hundred packets.
const widen = () => {
  socket.setRecvBufferSize(BUFFER_BYTES)
  socket.setSendBufferSize(BUFFER_BYTES)
}
const fail = error => {
  console.error(`flow: ${error.message}`)
  process.exit(1)
}
socket.on('error', fail)
if (mode === 'serve') {
  socket.on('connection', connection => {
    connection.on('error', fail)
    connection.on('end', () => connection.end())
    connection.pipe(process.stdout)
  })
  socket.listen(Number(port), address, widen)
} else {
  socket.bind(0, () => {
    widen()
    const connection = socket.connect(Number(port), address)
    connection.on('error', fail)
    connection.on('close', () => process.exit(0))
    connection.resume()
    process.stdin.pipe(connection)
  })
}

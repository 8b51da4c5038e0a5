// The reference tus server on a folder: `node server.mjs PORT FOLDER`.
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const [port, directory] = process.argv.slice(2)
const server = new Server({ path: '/tus', datastore: new FileStore({ directory }) })
server.listen({ host: '127.0.0.1', port: Number(port) })

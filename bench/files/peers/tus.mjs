// npm's tus server with its store on the disk, as its manual shows it.
import { createRequire } from 'node:module'

const require = createRequire(process.env.NODE_FOLDER + '/')
const { Server } = require('@tus/server')
const { FileStore } = require('@tus/file-store')

const server = new Server({ path: '/files', datastore: new FileStore({ directory: process.env.FOLDER }) })
server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })

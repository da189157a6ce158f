// Uploads a file by tus-js-client, as its manual has it. Arguments: endpoint, bearer token, file, options as JSON.
// With `pauseAt`, it stops after so many bytes, and goes on by the URL that it was given.

import {createReadStream} from 'node:fs'
import {basename} from 'node:path'
import {PassThrough} from 'node:stream'
import {Upload} from 'tus-js-client'

const [endpoint, token, path, given] = process.argv.slice(2)
const {pauseAt, ...options} = JSON.parse(given)

// What has a path has a length, which the client would look up.
const source = () => (options.uploadLengthDeferred ? createReadStream(path).pipe(new PassThrough()) : createReadStream(path))

function upload(more) {
  return new Promise((resolve, reject) => {
    const it = new Upload(source(), {
      endpoint,
      headers: {Authorization: `Bearer ${token}`},
      metadata: {filename: basename(path), filetype: 'application/octet-stream'},
      retryDelays: [0, 100, 500],
      onError: reject,
      onSuccess: () => resolve(it.url),
      onChunkComplete: (_size, offset) => {
        if (more.pauseAt !== undefined && offset >= more.pauseAt) it.abort().then(() => resolve(it.url), reject)
      },
      ...options,
      ...more,
    })
    it.start()
  })
}

const url = await upload({pauseAt})
console.log(pauseAt === undefined ? url : await upload({uploadUrl: url}))
